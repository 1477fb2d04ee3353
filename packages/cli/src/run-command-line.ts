// From words to an exit code: finds the command, runs it, and says what went wrong and what to do about it.
import type { Command, Invocation } from './command.ts';
import { CommandError, EXIT, type ExitCode, endingOf, UsageError } from './exit-code.ts';
import { printCommandHelp, printOverview } from './help.ts';
import type { Terminal } from './output/terminal.ts';

type Context = Omit<Invocation, 'values' | 'arguments'>;

export async function runCommandLine(
  commands: readonly Command[],
  args: readonly string[],
  context: Context,
): Promise<ExitCode> {
  try {
    return await dispatch(commands, args, context);
  } catch (error) {
    context.terminal.setLiveLine('');
    if (context.signal.aborted && !(error instanceof CommandError)) return EXIT.interrupted;
    return complain(error, context.terminal);
  }
}

async function dispatch(commands: readonly Command[], args: readonly string[], context: Context): Promise<ExitCode> {
  const [first] = args;
  if (first === undefined || first === '--help' || first === '-h') {
    printOverview(commands, context.terminal);
    return first === undefined ? EXIT.usage : EXIT.ok;
  }
  if (first === 'help') return help(commands, args.slice(1), context.terminal);
  const command = commands.find(({ words }) => words.every((word, index) => args[index] === word));
  if (command === undefined) return unknown(commands, args, context.terminal);
  const rest = args.slice(command.words.length);
  // Programs of their own have their own help.
  const ownsItsOptions = Object.keys(command.options).length > 0 || command.arguments.every(({ name }) => name !== '…');
  if (ownsItsOptions && rest.some((word) => word === '--help' || word === '-h')) {
    printCommandHelp(command, context.terminal);
    return EXIT.ok;
  }
  return await command.run(rest, context);
}

function help(commands: readonly Command[], words: readonly string[], terminal: Terminal): ExitCode {
  const command = commands.find((candidate) => candidate.words.join(' ') === words.join(' '));
  if (command !== undefined) {
    printCommandHelp(command, terminal);
    return EXIT.ok;
  }
  return words.length === 0 ? overview(commands, terminal) : unknown(commands, [...words, '--help'], terminal);
}

function overview(commands: readonly Command[], terminal: Terminal): ExitCode {
  printOverview(commands, terminal);
  return EXIT.ok;
}

/** A noun without its verb gets the list of its commands; anything else is a mistake. */
function unknown(commands: readonly Command[], args: readonly string[], terminal: Terminal): ExitCode {
  const [noun = '', verb] = args;
  const ofNoun = commands.filter(({ words }) => words.length > 1 && words[0] === noun);
  if (ofNoun.length === 0) throw new UsageError(`there is no command "${noun}"`, '');
  if (verb !== undefined && !verb.startsWith('-')) {
    const verbs = ofNoun.map(({ words }) => words[1]).join(', ');
    throw new UsageError(`"souk ${noun}" cannot "${verb}"; it can: ${verbs}`, '');
  }
  printOverview(ofNoun, terminal);
  return verb === undefined ? EXIT.usage : EXIT.ok;
}

function complain(error: unknown, terminal: Terminal): ExitCode {
  const { exitCode, message, remedy } = endingOf(error);
  terminal.note(`${terminal.paintNote('red', 'souk:')} ${message}`);
  terminal.note(`${terminal.paintNote('dim', 'what to do:')} ${remedy}`);
  return exitCode;
}
