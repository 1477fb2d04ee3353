// `souk store retry`: tries again to make a store that failed.
import { defineCommand, JSON_OPTION } from '../../command.ts';
import { connect } from '../../connection.ts';
import { EXIT } from '../../exit-code.ts';
import { findStore } from '../../find-store.ts';
import { currentCursor, followStore } from '../../follow-store.ts';
import { printAddresses } from './create.ts';
import { STORE_ARGUMENT } from './store-argument.ts';
import { readTimeout, TIMEOUT_OPTION, WAIT_OPTION } from './wait-options.ts';

export const retryStore = defineCommand({
  words: ['store', 'retry'],
  summary: 'try again to make a store that failed',
  arguments: [STORE_ARGUMENT],
  options: { ...WAIT_OPTION, ...TIMEOUT_OPTION, ...JSON_OPTION },
  examples: ['souk store retry acme --wait'],
  run: async ({ values, arguments: [nameOrId = ''], terminal, env, signal }) => {
    const timeoutMs = readTimeout(values.timeout, 'store retry');
    const client = await connect(env);
    const { id } = await findStore(client, nameOrId, signal);
    const cursor = await currentCursor(client);
    const { store, job } = await client.retryStore(id, { signal });
    if (values.wait !== true) {
      if (values.json) terminal.printJson({ store, job });
      else terminal.print(`${store.name} is tried again`);
      return EXIT.ok;
    }
    if (!values.json) terminal.note(`Trying ${store.name} again (${store.id})`);
    const isQuiet = values.json === true;
    const ready = await followStore({ client, store, cursor, goal: 'ready', timeoutMs, terminal, signal, isQuiet });
    if (values.json) terminal.printJson({ store: ready, job });
    else {
      terminal.print(terminal.paint('green', `${ready.name} is ready`));
      printAddresses(ready, (line) => terminal.print(line));
    }
    return EXIT.ok;
  },
});
