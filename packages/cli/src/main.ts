// The `souk` command: wires the process to the commands.
import { COMMANDS } from './command-list.ts';
import { Terminal } from './output/terminal.ts';
import { runCommandLine } from './run-command-line.ts';

const interruption = new AbortController();
// The first Ctrl-C lets the command end in order; a second one finds nobody listening and ends the process.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interruption.abort());
// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const terminal = new Terminal({ out: process.stdout, error: process.stderr, input: process.stdin }, process.env);
process.exitCode = await runCommandLine(COMMANDS, process.argv.slice(2), {
  terminal,
  env: process.env,
  signal: interruption.signal,
});
// What was interrupted may still wait for something; nobody else does.
if (interruption.signal.aborted) process.exit();
