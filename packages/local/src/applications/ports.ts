// The host ports that nobody needs to know by heart. They are chosen once and kept while they are free, so that an address
// noted down stays right.

import { createServer } from 'node:net';
import path from 'node:path';
import { readIfPresent, writeFileAtomically } from '../host/files.ts';
import type { PlatformPaths } from '../platform-paths.ts';

export type Ports = { api: number; database: number; workers: number[] };

const WORKERS = 2;

export async function choosePorts(paths: PlatformPaths): Promise<Ports> {
  const file = path.join(paths.config, 'ports.json');
  const kept = JSON.parse((await readIfPresent(file)) ?? '{}') as Partial<Ports>;
  const workers: number[] = [];
  for (let index = 0; index < WORKERS; index += 1) workers.push(await freePort(kept.workers?.[index]));
  const ports = { api: await freePort(kept.api), database: await freePort(kept.database), workers };
  await writeFileAtomically(file, `${JSON.stringify(ports)}\n`);
  return ports;
}

export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) return preferred;
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address === null || typeof address === 'string' ? reject(new Error('no port')) : resolve(address.port),
      );
    });
  });
}

export async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
