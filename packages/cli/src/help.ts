// `souk help`: all commands, the commands of one noun, or one command with its options and examples.
import type { Command, Option } from './command.ts';
import { EXIT_CODE_HELP } from './exit-code.ts';
import { formatTable } from './output/table.ts';
import type { Terminal } from './output/terminal.ts';

const ENVIRONMENT = [
  ['SOUK_HOME', 'state of the local platform (/var/lib/souk)'],
  ['SOUK_CACHE', 'programs, images and archives that runs share (/var/cache/souk)'],
  ['SOUK_URL', 'another platform than the local one, e.g. http://localhost:8080'],
  ['SOUK_TOKEN', 'API token for it'],
  ['SOUK_TENANT', 'which tenant, for who is in several'],
  ['NO_COLOR', 'no colours'],
] as const;

export function printOverview(commands: readonly Command[], terminal: Terminal): void {
  terminal.print('Souk makes web shops: isolated, working stores on Kubernetes, in seconds.');
  section(
    'Commands',
    commands.map((command) => [`souk ${usageOf(command)}`, command.summary]),
    terminal,
  );
  section('Environment', ENVIRONMENT, terminal);
  section(
    'Exit codes',
    EXIT_CODE_HELP.map(([code, meaning]) => [String(code), meaning]),
    terminal,
  );
  section('Begin with', [['souk up --demo', 'the platform, a store and an order in it']], terminal);
  terminal.print();
  terminal.print('"souk help store create" tells all about one command.');
}

export function printCommandHelp(command: Command, terminal: Terminal): void {
  const options = Object.entries(command.options);
  terminal.print(`souk ${usageOf(command)}${options.length === 0 ? '' : ' [options]'}`);
  terminal.print(`  ${capitalised(command.summary)}.${command.details === undefined ? '' : ` ${command.details}`}`);
  if (command.arguments.length > 0) {
    section(
      'Arguments',
      command.arguments.map(({ name, help }) => [name, help]),
      terminal,
    );
  }
  if (options.length > 0) {
    const rows = options.map(([name, option]) => [
      `${option.short === undefined ? '    ' : `-${option.short}, `}--${name}${valueHint(option)}`,
      option.help,
    ]);
    section('Options', rows, terminal);
  }
  section(
    'Examples',
    command.examples.map((example) => [example]),
    terminal,
  );
}

function valueHint({ value, whenBare }: Option): string {
  if (value === undefined) return '';
  return whenBare === undefined ? ` ${value}` : `[=${value}]`;
}

function section(title: string, rows: readonly (readonly string[])[], terminal: Terminal): void {
  terminal.print();
  terminal.print(terminal.paint('bold', title));
  for (const line of formatTable([], rows)) terminal.print(`  ${line}`);
}

function usageOf({ words, arguments: names }: Command): string {
  return [...words, ...names.map(({ name, isRequired }) => (isRequired ? `<${name}>` : `[${name}]`))].join(' ');
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
