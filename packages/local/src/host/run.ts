// Runs other programs to their end. Long ones speak into a log file; short ones give back what they said.

import { spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { PlatformError } from '../platform-error.ts';

export type RunOptions = {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  input?: string;
  /** The run is killed when it takes longer. */
  timeoutMs?: number;
  uid?: number;
  gid?: number;
  /** Ends the program when somebody gives up on it. */
  signal?: AbortSignal | undefined;
};
export type RunResult = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string };

const TAIL_LINES = 12;

/** Gives what the program said however it ended; throws only when it could not be started. */
export async function tryRun(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program = '', ...args] = command;
  return await new Promise<RunResult>((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    // Not spawn's own time-out, which goes on for a program that could not even be started.
    const timer =
      options.timeoutMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), options.timeoutMs);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
    // A program that ends before it has read everything says so by its exit code.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input);
  });
}

/** Gives what the program printed; throws with its own words when it fails. */
export async function run(command: readonly string[], options: RunOptions & { remedy?: string } = {}): Promise<string> {
  const result = await tryRun(command, options);
  if (result.code === 0) return result.stdout;
  const words = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-TAIL_LINES).join('\n');
  throw new PlatformError(`${command.slice(0, 4).join(' ')} … ended with ${result.code ?? result.signal}: ${words}`, {
    remedy: options.remedy ?? 'put right what it complains of, then run this again',
  });
}

/** Runs a long program with all it says going to the end of the log file. */
export async function runLogged(
  command: readonly string[],
  logFile: string,
  options: RunOptions & { remedy: string; killSignal?: NodeJS.Signals },
): Promise<void> {
  const [program = '', ...args] = command;
  await mkdir(path.dirname(logFile), { recursive: true });
  const log = await open(logFile, 'a', 0o644);
  try {
    await log.write(`\n${new Date().toISOString()} $ ${command.join(' ')}\n`);
    const ended = await new Promise<string | number>((resolve, reject) => {
      const child = spawn(program, args, {
        stdio: ['ignore', log.fd, log.fd],
        ...(options.env === undefined ? {} : { env: options.env }),
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        ...(options.killSignal === undefined ? {} : { killSignal: options.killSignal }),
      });
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? signal ?? 'an unknown signal'));
    });
    if (ended !== 0) {
      throw new PlatformError(
        `${path.basename(program)} ${args[0] ?? ''} ended with ${ended}\n${await tailOf(logFile)}`,
        { logFile, remedy: options.remedy },
      );
    }
  } finally {
    await log.close();
  }
}

export async function tailOf(logFile: string, lines = TAIL_LINES): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
