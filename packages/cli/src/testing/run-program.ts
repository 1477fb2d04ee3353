// Runs one program of a suite in a process group of its own, so that a deadline or Ctrl-C ends it with all it has started.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ProgramEnd {
  readonly exitCode: number;
  /** What it wrote to standard output and error, in order. */
  readonly output: string;
  readonly hasTimedOut: boolean;
}

export interface ProgramStart {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  /** Takes the lines of standard output away from `output`. */
  readonly onLine?: (line: string) => void;
}

const GRACE_MS = 5_000;

export async function runProgram({ command, cwd, env, signal, deadlineMs, onLine }: ProgramStart): Promise<ProgramEnd> {
  const [file, ...args] = command;
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  let partial = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    if (onLine === undefined) {
      output += chunk;
      return;
    }
    const lines = (partial + chunk).split('\n');
    partial = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });

  const killGroup = (name: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // The group has ended by itself.
    }
  };
  let hasTimedOut = false;
  let hardStop: NodeJS.Timeout | undefined;
  const stop = (): void => {
    killGroup('SIGTERM');
    hardStop = setTimeout(() => killGroup('SIGKILL'), GRACE_MS);
  };
  const deadline = setTimeout(() => {
    hasTimedOut = true;
    stop();
  }, deadlineMs);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const [code, name] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return { exitCode: code ?? (name === null ? 1 : 128), output, hasTimedOut };
  } finally {
    clearTimeout(deadline);
    clearTimeout(hardStop);
    signal.removeEventListener('abort', stop);
  }
}
