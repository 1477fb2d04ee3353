// `souk store delete`: asks first where a person is there to answer.
import type { Store } from '@souk/contract';
import { defineCommand, type Invocation, JSON_OPTION } from '../../command.ts';
import { connect } from '../../connection.ts';
import { CommandError, EXIT } from '../../exit-code.ts';
import { findStore } from '../../find-store.ts';
import { currentCursor, followStore } from '../../follow-store.ts';
import { formatDuration } from '../../output/words.ts';
import { STORE_ARGUMENT } from './store-argument.ts';
import { readTimeout, TIMEOUT_OPTION, WAIT_OPTION } from './wait-options.ts';

export const deleteStore = defineCommand({
  words: ['store', 'delete'],
  summary: 'delete a store with all its data',
  arguments: [STORE_ARGUMENT],
  options: {
    ...WAIT_OPTION,
    ...TIMEOUT_OPTION,
    yes: { type: 'boolean', short: 'y', help: 'do not ask' },
    ...JSON_OPTION,
  },
  details: 'Orders, products and uploads are gone for good. The name can be used again once the deletion has ended.',
  examples: ['souk store delete acme', 'souk store delete acme --yes --wait'],
  run: async (invocation) => {
    const { values, terminal, env, signal } = invocation;
    const timeoutMs = readTimeout(values.timeout, 'store delete');
    const client = await connect(env);
    const store = await findStore(client, invocation.arguments[0] ?? '', signal);
    if (values.yes !== true) await confirm(store, invocation);
    const startedAt = performance.now();
    const cursor = await currentCursor(client);
    const answer = await client.deleteStore(store.id, { signal });
    if (values.wait !== true) {
      if (values.json) terminal.printJson(answer);
      else terminal.print(`${store.name} is being deleted`);
      return EXIT.ok;
    }
    if (!values.json) terminal.note(`Deleting ${store.name} (${store.id})`);
    const isQuiet = values.json === true;
    const gone = await followStore({ client, store, cursor, goal: 'deleted', timeoutMs, terminal, signal, isQuiet });
    if (values.json) terminal.printJson({ ...answer, store: gone });
    else
      terminal.print(
        `${store.name} is gone, and nothing of it is left, after ${formatDuration(performance.now() - startedAt)}`,
      );
    return EXIT.ok;
  },
});

async function confirm(store: Store, { terminal, signal }: Pick<Invocation, 'terminal' | 'signal'>): Promise<void> {
  if (!terminal.canAsk) {
    throw new CommandError(
      EXIT.usage,
      `deleting ${store.name} needs a confirmation, and nobody is here to give it`,
      'add --yes',
    );
  }
  const question = `This deletes ${store.name} (${store.storefrontUrl}) with all its orders. Type its name to go on: `;
  if ((await terminal.ask(question, signal)).trim() !== store.name) {
    throw new CommandError(
      EXIT.failure,
      'that is not its name; nothing was deleted',
      `type "${store.name}", or add --yes`,
    );
  }
}
