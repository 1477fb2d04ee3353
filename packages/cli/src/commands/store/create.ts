// `souk store create`: asks for a store, with --wait also until shoppers can buy in it.
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { type CreateStore, planNameSchema, type SoukClient, type Store } from '@souk/contract';
import { defineCommand, JSON_OPTION } from '../../command.ts';
import { connect } from '../../connection.ts';
import { CommandError, EXIT, UsageError } from '../../exit-code.ts';
import { currentCursor, followStore } from '../../follow-store.ts';
import { formatDuration, provisioningMs } from '../../output/words.ts';
import { readTimeout, TIMEOUT_OPTION, WAIT_OPTION } from './wait-options.ts';

export const createStore = defineCommand({
  words: ['store', 'create'],
  summary: 'make a store',
  arguments: [{ name: 'name', isRequired: true, help: 'its host name, e.g. "acme": a-z, 0-9 and hyphens, at most 40' }],
  options: {
    engine: { type: 'string', short: 'e', value: 'NAME', help: 'medusa, …; may be left out where there is only one' },
    plan: { type: 'string', short: 'p', value: 'PLAN', help: 'small, standard (the default) or large' },
    'admin-email': { type: 'string', value: 'ADDRESS', help: "the shop admin's login" },
    'admin-password-file': {
      type: 'string',
      value: 'FILE',
      help: 'password of 12 to 128 characters; "-" is standard input',
    },
    'keep-failed': { type: 'boolean', help: 'leave what a failed create has made, to look at' },
    ...WAIT_OPTION,
    ...TIMEOUT_OPTION,
    ...JSON_OPTION,
  },
  details: 'Without --admin-password-file a password is made; "souk store credentials" shows it.',
  examples: [
    'souk store create acme --wait',
    'souk store create acme --engine medusa --plan small --wait --timeout 5m',
  ],
  run: async ({ values, arguments: [name = ''], terminal, env, signal }) => {
    const timeoutMs = readTimeout(values.timeout, 'store create');
    const client = await connect(env);
    const wanted = await describeStore(client, name, values);
    const cursor = await currentCursor(client);
    const { store, job } = await client.createStore(wanted, { signal });
    if (values.wait !== true) {
      if (values.json) terminal.printJson({ store, job });
      else {
        terminal.print(`${store.name} is on its way: ${store.storefrontUrl}`);
        terminal.note(terminal.paintNote('dim', `"souk store events ${store.name} --follow" shows how far it is`));
      }
      return EXIT.ok;
    }
    if (!values.json)
      terminal.note(`Making ${store.name} (${store.engine} ${store.engineVersion}, ${store.plan}, ${store.id})`);
    const isQuiet = values.json === true;
    const ready = await followStore({ client, store, cursor, goal: 'ready', timeoutMs, terminal, signal, isQuiet });
    if (values.json) terminal.printJson({ store: ready, job });
    else {
      terminal.print(terminal.paint('green', `${ready.name} is ready after ${formatDuration(provisioningMs(ready))}`));
      printAddresses(ready, (line) => terminal.print(line));
    }
    return EXIT.ok;
  },
});

export function printAddresses(store: Store, print: (line: string) => void): void {
  print(`  storefront   ${store.storefrontUrl}`);
  print(`  admin        ${store.adminUrl}`);
  print(`  credentials  souk store credentials ${store.name}`);
}

interface CreateValues {
  readonly engine: string | undefined;
  readonly plan: string | undefined;
  readonly 'admin-email': string | undefined;
  readonly 'admin-password-file': string | undefined;
  readonly 'keep-failed': boolean | undefined;
}

// Only what the platform cannot say better itself is checked here: the rest comes back with each field named.
async function describeStore(client: SoukClient, name: string, values: CreateValues): Promise<CreateStore> {
  const plan = values.plan === undefined ? undefined : planNameSchema.safeParse(values.plan);
  if (plan?.success === false) throw new UsageError(`there is no plan "${values.plan}"`, 'store create');
  const adminEmail = values['admin-email'];
  const passwordFile = values['admin-password-file'];
  return {
    name,
    engine: values.engine ?? (await onlyEngine(client)),
    ...(plan === undefined ? {} : { plan: plan.data }),
    ...(adminEmail === undefined ? {} : { adminEmail }),
    ...(values['keep-failed'] === true ? { keepFailed: true } : {}),
    ...(passwordFile === undefined ? {} : { adminPassword: await readPassword(passwordFile) }),
  };
}

async function onlyEngine(client: SoukClient): Promise<string> {
  const engines = await client.listEngines();
  const available = engines.filter((engine) => engine.available).map((engine) => engine.name);
  const [only] = available;
  if (only !== undefined && available.length === 1) return only;
  const reasons = engines.map((engine) => `${engine.name}: ${engine.reason ?? 'available'}`).join('\n  ');
  throw new UsageError(
    available.length === 0
      ? `no engine is available here\n  ${reasons}`
      : `choose an --engine: ${available.join(', ')}`,
    'store create',
  );
}

async function readPassword(file: string): Promise<string> {
  try {
    const content = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
    return content.replace(/\r?\n$/, '');
  } catch (cause) {
    throw new CommandError(EXIT.usage, `the password file ${file} cannot be read`, 'name a readable file', { cause });
  }
}
