// The host ports that nobody needs to know by heart. They are chosen once and kept while they are free, so that an address
// noted down stays right.

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import path from 'node:path';
import { readIfPresent, writeFileAtomically } from '../host/files.ts';
import { PlatformError } from '../platform-error.ts';
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

// Below what Linux gives to outgoing connections (net.ipv4.ip_local_port_range, from 32768): one of those could take a port
// between its choice and its use.
const LOWEST_PORT = 20_000;
const PORTS = 10_000;

/** A port of this machine that nobody listens on: the preferred one if it is free, else any, drawn by lot. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) return preferred;
  const start = randomInt(PORTS);
  for (let tried = 0; tried < PORTS; tried += 1) {
    const port = LOWEST_PORT + ((start + tried) % PORTS);
    if (await isFree(port)) return port;
  }
  throw new PlatformError(`no port from ${LOWEST_PORT} to ${LOWEST_PORT + PORTS - 1} is free`, {
    remedy: 'end some of the programs that listen there ("ss -ltnp" names them), then run this again',
  });
}

export async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
