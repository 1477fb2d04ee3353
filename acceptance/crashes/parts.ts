// The platform's processes, by what `souk status` says of them, and how to kill them as a crash would.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { platformPaths, status } from '@souk/local';
import type { Platform } from '../platform.ts';
import { until } from '../until.ts';

export interface Part {
  readonly name: string;
  readonly state: string;
  readonly pid: number | null;
  readonly restarts: number;
}

/** As `souk status` has it; asked in this process, because a program started for each look costs more than what is looked at. */
export async function listParts(platform: Platform): Promise<readonly Part[]> {
  const { report } = await status({ paths: platformPaths({ ...process.env, SOUK_HOME: platform.home }) });
  assert.ok(report, 'the platform is down');
  return report.parts;
}

export async function findPart(platform: Platform, name: string): Promise<Running> {
  const part = (await listParts(platform)).find((candidate) => candidate.name === name);
  assert.ok(part !== undefined && part.pid !== null, `${name} does not run`);
  return { ...part, pid: part.pid };
}

type Running = Part & { readonly pid: number };

export function crash(part: Running, home: string): void {
  signalPart(part, home, 'SIGKILL');
}

/** To a process that is looked at once more first: a pid could belong to another one by now. */
export function signalPart(part: Running, home: string, signal: NodeJS.Signals): void {
  const commandLine = readFileSync(`/proc/${part.pid}/cmdline`, 'utf8');
  const environment = readFileSync(`/proc/${part.pid}/environ`, 'utf8');
  assert.ok(`${commandLine}${environment}`.includes(home), `process ${part.pid} is not ${part.name} of ${home}`);
  process.kill(part.pid, signal);
}

/** Until the supervisor has started it again and all parts serve. */
export async function awaitAllReady(platform: Platform, withinMs = 60_000): Promise<void> {
  await until(
    'all parts to be ready',
    withinMs,
    async () => (await listParts(platform)).every(({ state }) => state === 'ready'),
    500,
  );
  await until('the API to be ready', withinMs, async () => (await platform.send('/readyz')).status === 200);
}
