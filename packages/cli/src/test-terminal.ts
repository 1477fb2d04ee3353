// A terminal that remembers, for tests.
import { PassThrough, Writable } from 'node:stream';
import type { Command } from './command.ts';
import { Terminal } from './output/terminal.ts';
import { runCommandLine } from './run-command-line.ts';

export interface CommandEnd {
  readonly exitCode: number;
  readonly out: string;
  readonly error: string;
}

export class Recorder extends Writable {
  text = '';
  readonly isTTY: boolean;
  readonly columns = 80;

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

export interface Run {
  readonly env?: NodeJS.ProcessEnv;
  readonly isTTY?: boolean;
  /** What the person types. */
  readonly input?: string;
}

export async function runCommands(commands: readonly Command[], line: string, run: Run = {}): Promise<CommandEnd> {
  const { env = {}, isTTY = false } = run;
  const out = new Recorder(isTTY);
  const error = new Recorder(isTTY);
  const input = Object.assign(new PassThrough(), { isTTY });
  if (run.input !== undefined) input.end(run.input);
  const terminal = new Terminal({ out, error, input }, env);
  const args = line.split(' ').filter((word) => word !== '');
  const exitCode = await runCommandLine(commands, args, { terminal, env, signal: new AbortController().signal });
  return { exitCode, out: out.text, error: error.text };
}
