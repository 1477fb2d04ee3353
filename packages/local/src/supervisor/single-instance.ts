// At most one process for a name, as one supervisor for a home. An abstract socket is bound to its process: the kernel frees it
// however that one ends, so no stale lock is ever found.

import { createServer } from 'node:net';
import { PlatformError } from '../platform-error.ts';

/** Holds the name until this process ends; `taken` tells what another holder means and what to do. */
export async function claim(name: string, taken: { message: string; remedy: string }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const lock = createServer((socket) => socket.destroy());
    lock.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? new PlatformError(taken.message, { remedy: taken.remedy }) : error),
    );
    lock.listen(`\0${name}`, () => {
      lock.unref();
      resolve();
    });
  });
}
