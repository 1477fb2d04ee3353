// `souk store repair`: brings a ready store back to what it should be, and agrees to what was lost.
import { defineCommand, JSON_OPTION } from '../../command.ts';
import { connect } from '../../connection.ts';
import { EXIT } from '../../exit-code.ts';
import { findStore } from '../../find-store.ts';
import { currentCursor, followStore } from '../../follow-store.ts';
import { printAddresses } from './create.ts';
import { STORE_ARGUMENT } from './store-argument.ts';
import { readTimeout, TIMEOUT_OPTION, WAIT_OPTION } from './wait-options.ts';

export const repairStore = defineCommand({
  words: ['store', 'repair'],
  summary: 'bring a ready store back to what it should be',
  arguments: [STORE_ARGUMENT],
  options: { ...WAIT_OPTION, ...TIMEOUT_OPTION, ...JSON_OPTION },
  details:
    'What was removed or changed from outside is put back by itself; this is for what needs somebody to agree. A store that shows ' +
    'data_lost is built anew and empty. Nothing that is there is deleted.',
  examples: ['souk store repair acme --wait'],
  run: async ({ values, arguments: [nameOrId = ''], terminal, env, signal }) => {
    const timeoutMs = readTimeout(values.timeout, 'store repair');
    const client = await connect(env);
    const { id } = await findStore(client, nameOrId, signal);
    const cursor = await currentCursor(client);
    const { store, job } = await client.repairStore(id, { signal });
    if (values.wait !== true) {
      if (values.json) terminal.printJson({ store, job });
      else terminal.print(`${store.name} is being repaired`);
      return EXIT.ok;
    }
    if (!values.json) terminal.note(`Repairing ${store.name} (${store.id})`);
    const isQuiet = values.json === true;
    const ready = await followStore({ client, store, cursor, goal: 'ready', timeoutMs, terminal, signal, isQuiet });
    if (values.json) terminal.printJson({ store: ready, job });
    else {
      terminal.print(terminal.paint('green', `${ready.name} is as it should be`));
      printAddresses(ready, (line) => terminal.print(line));
    }
    return EXIT.ok;
  },
});
