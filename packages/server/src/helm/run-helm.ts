// Runs one Helm process: an argument vector, values on standard input, an environment of its own, and a guard that ends it with
// the worker's lease. Nothing secret is in its arguments or its environment.
import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { LeaseLostError } from '../errors.ts';
import { type ActionLease, throwIfLeaseLost } from './helm.ts';
import { HelmError } from './helm-error.ts';

const GUARD = fileURLToPath(new URL('guard.sh', import.meta.url));
const PULSE_MS = 1_000;
// Three pulses may come late on a busy machine before a healthy Helm is killed.
const SILENCE_MS = 4_000;
// Between the guard's silence and Helm's death: bash begins and ends processes, on a busy machine.
const GUARD_SLACK_MS = 500;
// The last pulse still leaves the guard its whole silence before the lease ends.
const LAST_PULSE_MS = SILENCE_MS + GUARD_SLACK_MS;
// About where the lease's watchdog would abort it: nothing of Helm's is done in less.
const LEAST_LEASE_MS = 2_000;
const STDERR_LIMIT = 64 * 1024;
// Helm itself waits for ever for an API server that took its call and hangs. It needs seconds; a busy machine makes that a minute.
const TIMEOUT_MS = 120_000;

export interface HelmProgram {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export async function runHelm(
  program: HelmProgram,
  args: readonly string[],
  input: string,
  lease: ActionLease,
): Promise<void> {
  throwIfLeaseLost(lease);
  const leftMs = lease.msLeft();
  if (leftMs < LEAST_LEASE_MS) {
    throw new LeaseLostError('too little of the lease is left for Helm to begin');
  }
  // The guard waits for the first pulse only as long as the lease surely lives: this process may be stopped before it can send one.
  const silences = [Math.min(SILENCE_MS, leftMs - GUARD_SLACK_MS), SILENCE_MS].map((ms) => (ms / 1_000).toFixed(3));
  // A process group of its own, so that the guard and Helm are ended together.
  const child = spawn('bash', [GUARD, ...silences, program.path, ...args], {
    env: program.env,
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const [stdin, , stderrStream, pulses] = child.stdio as unknown as [Writable, null, Readable, Writable];
  // Either pipe breaks when the process ends first; how it ended is what counts.
  stdin.on('error', () => undefined);
  pulses.on('error', () => undefined);
  stdin.end(input);
  const beat = setInterval(() => {
    if (lease.msLeft() > LAST_PULSE_MS) {
      pulses.write('\n');
    }
  }, PULSE_MS);
  const kill = (): void => {
    killGroup(child.pid);
  };
  lease.signal.addEventListener('abort', kill);
  const timeoutMs = program.timeoutMs ?? TIMEOUT_MS;
  let isOverdue = false;
  const deadline = setTimeout(() => {
    isOverdue = true;
    kill();
  }, timeoutMs);
  let stderr = '';
  stderrStream.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_LIMIT);
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    lease.signal.throwIfAborted();
    if (isOverdue) {
      throw new HelmError(args[0] ?? '', `Error: it did not end within ${timeoutMs / 1000} s`);
    }
    if (code !== 0) {
      throw new HelmError(args[0] ?? '', stderr);
    }
  } finally {
    clearInterval(beat);
    clearTimeout(deadline);
    lease.signal.removeEventListener('abort', kill);
    pulses.destroy();
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) {
    return;
  }
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended in the same moment; there is nothing left to end.
  }
}
