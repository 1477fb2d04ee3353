// Runs one program to its end with everything it says going to a log file. A failure carries the last lines and the
// file's name, because that is all a person needs to start looking.

import { spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { PlatformError } from '../platform-error.ts';

export type LoggedRun = { logFile: string; env?: Record<string, string>; cwd?: string };

const TAIL_LINES = 15;

export async function runLogged(command: readonly string[], options: LoggedRun): Promise<void> {
  const [program = '', ...args] = command;
  const log = await open(options.logFile, 'a', 0o644);
  try {
    await log.write(`\n$ ${command.join(' ')}\n`);
    const code = await new Promise<number | string>((resolve, reject) => {
      const child = spawn(program, args, {
        cwd: options.cwd,
        env: { ...process.env, ...options.env },
        stdio: ['ignore', log.fd, log.fd],
      });
      child.once('error', reject);
      child.once('exit', (exitCode, signal) => resolve(exitCode ?? signal ?? 'unknown'));
    });
    if (code !== 0) {
      const tail = (await readFile(options.logFile, 'utf8')).trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
      throw new PlatformError(`${program} ${args[0] ?? ''} ended with ${code}; it last said:\n${tail}`, {
        logFile: options.logFile,
        remedy: 'put right what the log tells of (often a registry that could not be reached), then run this again',
      });
    }
  } finally {
    await log.close();
  }
}

/** Runs a program and gives what it printed; for short questions, not for builds. */
export async function runQuiet(command: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const [program = '', ...args] = command;
  return await new Promise<string>((resolve, reject) => {
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code}: ${stderr.trim()}`));
    });
  });
}
