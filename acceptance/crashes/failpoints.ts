// Failpoints of a running platform: all that its code has, armed one at a time by a file, and the process that got there.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Platform } from '../platform.ts';
import { until } from '../until.ts';

const run = promisify(execFile);
const SERVER = fileURLToPath(new URL('../../packages/server/src', import.meta.url));

export type Action = 'kill' | 'stop';
// The lease is 9 s; another worker has begun by then.
const STOPPED_FOR_MS = 10_500;

/** As the code names them; read by the server's own lister, in a process of its own. */
export async function listFailpoints(): Promise<readonly string[]> {
  const module = JSON.stringify(path.join(SERVER, 'failpoint-names.ts'));
  const script = `const m = await import(${module}); console.log((await m.listFailpointNames(${JSON.stringify(SERVER)})).join('\\n'))`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script]);
  return stdout.trim().split('\n');
}

const folderOf = (platform: Platform): string => path.join(platform.home, 'failpoints');

export async function disarmAll(platform: Platform): Promise<void> {
  await rm(folderOf(platform), { recursive: true, force: true });
  await mkdir(folderOf(platform), { recursive: true });
}

/** Whoever gets there first does it, once. */
export async function arm(platform: Platform, name: string, action: Action): Promise<void> {
  const file = path.join(folderOf(platform), name);
  // In one move: a process that looks in between must not read half of it.
  await writeFile(`${file}.new`, action);
  await rename(`${file}.new`, file);
}

/** The process that got there. */
async function awaitReached(platform: Platform, name: string, withinMs: number): Promise<number> {
  const prefix = `${name}.reached-by-`;
  return await until(
    `failpoint ${name} to be reached`,
    withinMs,
    async () => {
      const found = (await readdir(folderOf(platform))).find((file) => file.startsWith(prefix));
      return found === undefined ? null : Number(found.slice(prefix.length));
    },
    50,
  );
}

/** Comes back when whoever got there is dead, or goes on although its lease is over. */
export async function awaitLoss(platform: Platform, name: string, action: Action, withinMs: number): Promise<void> {
  const pid = await awaitReached(platform, name, withinMs);
  if (action === 'stop') {
    await delay(STOPPED_FOR_MS);
    resume(platform, pid);
  }
}

/** Lets a stopped process go on; looked at once more first, because a pid could belong to another one by now. */
function resume(platform: Platform, pid: number): void {
  assert.ok(
    readFileSync(`/proc/${pid}/environ`, 'utf8').includes(platform.home),
    `process ${pid} is not of this platform`,
  );
  process.kill(pid, 'SIGCONT');
}
