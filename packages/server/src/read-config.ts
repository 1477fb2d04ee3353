// How a process reads its environment, given its list of variables (config.ts): values or files, all problems told together, the
// result frozen. No value is ever part of a message: it may be a secret.
import { readFileSync } from 'node:fs';
import type { z } from 'zod';

export interface Variable<S extends z.ZodType = z.ZodType> {
  readonly name: string;
  /**
   * `env`: the variable is the value. `file`: the variable is the path of a file that holds it. `either`: `NAME`, or `NAME_FILE`
   * with a path, so that a secret need not be in the environment.
   */
  readonly source: 'env' | 'file' | 'either';
  readonly schema: S;
  /** As written in the environment; null where there must be a value, '' where nothing is a value too. */
  readonly byDefault: string | null;
  readonly type: string;
  readonly purpose: string;
}

export type Variables = Readonly<Record<string, Variable>>;
export type ConfigOf<V extends Variables> = { readonly [K in keyof V]: z.infer<V[K]['schema']> };

type Environment = Readonly<Record<string, string | undefined>>;

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the configuration is not valid:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** What a single variable cannot know of itself; told together with all other problems. Invalid values are left out. */
export type ConfigCheck<V extends Variables> = (config: Partial<ConfigOf<V>>) => readonly string[];

/** Throws one ConfigError that tells every problem. Values are never part of a message: they may be secrets. */
export function readConfig<V extends Variables>(
  variables: V,
  environment: Environment,
  check: ConfigCheck<V> = () => [],
): ConfigOf<V> {
  const problems: string[] = [];
  const entries = Object.entries(variables).map(([key, variable]) => {
    const read = readText(variable, environment);
    if ('problem' in read) {
      problems.push(`${variable.name}: ${read.problem}`);
      return [key, undefined];
    }
    const parsed = variable.schema.safeParse(read.text);
    problems.push(...(parsed.error?.issues ?? []).map((issue) => `${read.from}: ${issue.message}`));
    return [key, parsed.data];
  });
  const config = Object.fromEntries(entries) as ConfigOf<V>;
  problems.push(...check(config));
  if (problems.length > 0) {
    throw new ConfigError(problems);
  }
  return Object.freeze(config);
}

/** For `main/`: tells the problems on standard error and ends the process. */
export function readConfigOrExit<V extends Variables>(variables: V, check?: ConfigCheck<V>): ConfigOf<V> {
  try {
    return readConfig(variables, process.env, check);
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    process.stderr.write(`${error.message}\nEvery variable is described in docs/configuration.md.\n`);
    return process.exit(1);
  }
}

type ReadText = { readonly text: string; readonly from: string } | { readonly problem: string };

function readText(variable: Variable, environment: Environment): ReadText {
  const { name, source, byDefault } = variable;
  const value = environment[name];
  if (source !== 'file' && value !== undefined && value !== '') {
    return { text: value, from: name };
  }
  const pathName = source === 'either' ? `${name}_FILE` : name;
  const path = source === 'env' ? undefined : environment[pathName];
  if (path !== undefined && path !== '') {
    return readSourceFile(path, pathName);
  }
  if (byDefault === null) {
    return { problem: source === 'either' ? `is not set (nor is ${name}_FILE)` : 'is not set' };
  }
  return { text: byDefault, from: name };
}

function readSourceFile(path: string, from: string): ReadText {
  try {
    return { text: readFileSync(path, 'utf8'), from };
  } catch (error) {
    return { problem: `the file it names cannot be read (${(error as NodeJS.ErrnoException).code})` };
  }
}
