// At most one supervisor for a home. An abstract socket is bound to its process: the kernel frees it however that one ends,
// so no stale lock is ever found.

import { createServer } from 'node:net';
import { PlatformError } from '../platform-error.ts';

export async function claimHome(id: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const lock = createServer((socket) => socket.destroy());
    lock.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new PlatformError('another supervisor keeps this platform already', { remedy: './souk status' })
          : error,
      ),
    );
    lock.listen(`\0souk-${id}`, () => {
      lock.unref();
      resolve();
    });
  });
}
