// What a command is: its words, its arguments and options (from which parsing and help both come), and what it does.
import { parseArgs } from 'node:util';
import type { ExitCode } from './exit-code.ts';
import { UsageError } from './exit-code.ts';
import type { Terminal } from './output/terminal.ts';

export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** How help shows the value of a string option. */
  readonly value?: string;
  /** What the option means when it is given without a value; a value then needs "=". */
  readonly whenBare?: string;
  readonly help: string;
}
export type Options = Readonly<Record<string, Option>>;

export interface Argument {
  readonly name: string;
  readonly isRequired: boolean;
  readonly help: string;
}

type Values<O extends Options> = {
  readonly [K in keyof O]: (O[K]['type'] extends 'boolean' ? boolean : string) | undefined;
};

export interface Invocation<O extends Options = Options> {
  readonly values: Values<O>;
  /** As many as the command declares; a missing one that is not required is the empty string. */
  readonly arguments: readonly string[];
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

interface Definition<O extends Options> {
  readonly words: readonly string[];
  readonly summary: string;
  readonly arguments: readonly Argument[];
  readonly options: O;
  readonly details?: string;
  readonly examples: readonly string[];
  readonly run: (invocation: Invocation<O>) => Promise<ExitCode>;
}

export interface Command extends Omit<Definition<Options>, 'run'> {
  readonly run: (args: readonly string[], context: Omit<Invocation, 'values' | 'arguments'>) => Promise<ExitCode>;
}

export const JSON_OPTION = {
  json: { type: 'boolean', help: 'print JSON and nothing else on standard output' },
} as const;

export function defineCommand<const O extends Options>(definition: Definition<O>): Command {
  return {
    ...definition,
    run: async (args, context) => {
      const parsed = parse(definition, args);
      return await definition.run({ ...context, ...parsed });
    },
  };
}

function parse<O extends Options>(
  definition: Definition<O>,
  args: readonly string[],
): Pick<Invocation<O>, 'values' | 'arguments'> {
  const name = definition.words.join(' ');
  const options = Object.fromEntries(
    Object.entries(definition.options).map(([key, { type, short }]) => [
      key,
      short === undefined ? { type } : { type, short },
    ]),
  );
  let parsed: { values: object; positionals: string[] };
  try {
    parsed = parseArgs({
      args: args.map((word) => withBareValue(definition.options, word)),
      options,
      allowPositionals: true,
      allowNegative: false,
    });
  } catch (error) {
    throw new UsageError(plainMessage(error), name);
  }
  const missing = definition.arguments.find(({ isRequired }, index) => isRequired && !parsed.positionals[index]);
  if (missing !== undefined) throw new UsageError(`<${missing.name}> is missing: ${missing.help}`, name);
  const surplus = parsed.positionals[definition.arguments.length];
  if (surplus !== undefined) throw new UsageError(`"${surplus}" is one word too many`, name);
  return {
    values: parsed.values as Values<O>,
    arguments: definition.arguments.map((_, index) => parsed.positionals[index] ?? ''),
  };
}

function withBareValue(options: Options, word: string): string {
  const bare = word.startsWith('--') ? options[word.slice(2)]?.whenBare : undefined;
  return bare === undefined ? word : `${word}=${bare}`;
}

/** The first sentence of what node:util says; the rest explains its own programming interface. */
function plainMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split(/\. |\n/)[0] ?? message;
}
