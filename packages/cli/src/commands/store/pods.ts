// `souk store pods`.
import { defineCommand, JSON_OPTION } from '../../command.ts';
import { connect } from '../../connection.ts';
import { EXIT } from '../../exit-code.ts';
import { findStore } from '../../find-store.ts';
import { formatTable } from '../../output/table.ts';
import { formatAge } from '../../output/words.ts';
import { STORE_ARGUMENT } from './store-argument.ts';

export const listPods = defineCommand({
  words: ['store', 'pods'],
  summary: "list a store's pods",
  arguments: [STORE_ARGUMENT],
  options: JSON_OPTION,
  examples: ['souk store pods acme'],
  run: async ({ values, arguments: [nameOrId = ''], terminal, env, signal }) => {
    const client = await connect(env);
    const store = await findStore(client, nameOrId, signal);
    const pods = await client.listStorePods(store.id, { signal });
    if (values.json) {
      terminal.printJson({ items: pods });
      return EXIT.ok;
    }
    if (pods.length === 0) terminal.note(`${store.name} has no pods; it is ${store.phase}.`);
    const rows = pods.map((pod) => [
      pod.name,
      pod.component ?? '–',
      terminal.paint(pod.ready ? 'green' : 'yellow', pod.ready ? 'ready' : pod.podPhase.toLowerCase()),
      String(pod.restarts),
      pod.startedAt === null ? '–' : formatAge(pod.startedAt),
      pod.message ?? '',
    ]);
    const header = ['POD', 'COMPONENT', 'PHASE', 'RESTARTS', 'STARTED', ''];
    if (rows.length > 0) for (const line of formatTable(header, rows)) terminal.print(line);
    return EXIT.ok;
  },
});
