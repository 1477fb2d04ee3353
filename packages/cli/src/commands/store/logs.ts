// `souk store logs`: of one pod, or of all with the component before each line.
import type { Pod, SoukClient, Store } from '@souk/contract';
import { defineCommand } from '../../command.ts';
import { connect } from '../../connection.ts';
import { CommandError, EXIT, UsageError } from '../../exit-code.ts';
import { findStore } from '../../find-store.ts';
import { STORE_ARGUMENT } from './store-argument.ts';

export const showLogs = defineCommand({
  words: ['store', 'logs'],
  summary: "show the logs of a store's pods",
  arguments: [STORE_ARGUMENT],
  options: {
    pod: { type: 'string', value: 'POD', help: 'only of this pod, by name or component, e.g. backend' },
    container: { type: 'string', short: 'c', value: 'NAME', help: 'of this container of the pod' },
    tail: { type: 'string', short: 'n', value: 'LINES', help: 'how many of the last lines of each pod (200)' },
    follow: { type: 'boolean', short: 'f', help: 'stay and show what comes, until Ctrl-C' },
    json: { type: 'boolean', help: 'print one JSON object a line: pod, component, line' },
  },
  examples: ['souk store logs acme', 'souk store logs acme --pod backend --follow', 'souk store logs acme --json'],
  run: async ({ values, arguments: [nameOrId = ''], terminal, env, signal }) => {
    const tail = Number(values.tail ?? 200);
    if (!Number.isInteger(tail) || tail < 1)
      throw new UsageError(`--tail is not a number of lines: "${values.tail}"`, 'store logs');
    const client = await connect(env);
    const store = await findStore(client, nameOrId, signal);
    const pods = await choosePods(client, store, values.pod);
    const hasPrefix = pods.length > 1;
    const width = Math.max(...pods.map((pod) => labelOf(pod).length));
    const options = {
      tail,
      follow: values.follow === true,
      signal,
      ...(values.container === undefined ? {} : { container: values.container }),
    };
    const show = async (pod: Pod): Promise<void> => {
      const prefix = hasPrefix ? `${terminal.paint('cyan', labelOf(pod).padEnd(width))} ` : '';
      const { name, component } = pod;
      for await (const line of client.readStoreLogs(store.id, { ...options, pod: name }))
        terminal.print(values.json ? JSON.stringify({ pod: name, component, line }) : `${prefix}${line}`);
    };
    // Side by side only while following: otherwise one pod's log after the other is easier to read.
    if (values.follow === true) await Promise.all(pods.map(show));
    else for (const pod of pods) await show(pod);
    return EXIT.ok;
  },
});

function labelOf(pod: Pod): string {
  return pod.component ?? pod.name;
}

async function choosePods(client: SoukClient, store: Store, wanted: string | undefined): Promise<Pod[]> {
  const pods = await client.listStorePods(store.id);
  const chosen = wanted === undefined ? pods : pods.filter((pod) => pod.name === wanted || pod.component === wanted);
  if (chosen.length > 0) return chosen;
  if (pods.length === 0) {
    throw new CommandError(
      EXIT.notFound,
      `${store.name} has no pods; it is ${store.phase}`,
      `"souk store show ${store.name}" tells more`,
    );
  }
  const names = pods.map((pod) => labelOf(pod)).join(', ');
  throw new CommandError(EXIT.notFound, `${store.name} has no pod "${wanted}"`, `it has: ${names}`);
}
