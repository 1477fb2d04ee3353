// `souk store events`: a store's timeline, with --follow also what happens next.
import type { Event, SoukClient } from '@souk/contract';
import { defineCommand } from '../../command.ts';
import { connect } from '../../connection.ts';
import { EXIT } from '../../exit-code.ts';
import { findStore } from '../../find-store.ts';
import { currentCursor } from '../../follow-store.ts';
import type { Colour, Terminal } from '../../output/terminal.ts';
import { formatDuration, formatTime } from '../../output/words.ts';
import { STORE_ARGUMENT } from './store-argument.ts';

export const showEvents = defineCommand({
  words: ['store', 'events'],
  summary: "show a store's timeline",
  arguments: [STORE_ARGUMENT],
  options: {
    follow: { type: 'boolean', short: 'f', help: 'stay and show what happens next, until Ctrl-C' },
    json: { type: 'boolean', help: 'print one JSON object a line' },
  },
  examples: ['souk store events acme', 'souk store events acme --follow'],
  run: async ({ values, arguments: [nameOrId = ''], terminal, env, signal }) => {
    const client = await connect(env);
    const store = await findStore(client, nameOrId, signal);
    const print = (event: Event): void =>
      terminal.print(values.json ? JSON.stringify(event) : eventLine(event, terminal));
    // Taken first: what happens while the list is read comes in the stream, and is told apart by its id.
    const cursor = await currentCursor(client);
    const seen = new Set<string>();
    for await (const event of eachEventOf(client, store.id, signal)) {
      seen.add(event.id);
      print(event);
    }
    if (values.follow !== true) return EXIT.ok;
    for await (const event of client.streamEvents({ after: cursor, store: store.id, signal })) {
      if (!seen.has(event.id)) print(event);
    }
    return EXIT.ok;
  },
});

const PAGE = 500;

async function* eachEventOf(client: SoukClient, id: string, signal: AbortSignal): AsyncGenerator<Event, void> {
  let after: string | undefined;
  do {
    const page = await client.listStoreEvents(id, { limit: PAGE, signal, ...(after === undefined ? {} : { after }) });
    yield* page.items;
    after = page.next ?? undefined;
  } while (after !== undefined);
}

function eventLine(event: Event, terminal: Terminal): string {
  const took = event.durationMs === null ? '' : terminal.paint('dim', ` · ${formatDuration(event.durationMs)}`);
  const colour = colourOf(event);
  const type = event.type.replace(/^store\./, '').padEnd(22);
  return `${terminal.paint('dim', formatTime(event.at))}  ${colour === null ? type : terminal.paint(colour, type)}  ${event.message}${took}`;
}

const ASKS_FOR_ATTENTION: ReadonlySet<Event['type']> = new Set([
  'store.drift_detected',
  'store.deletion_delayed',
  'store.repair_needed',
  'store.worker_lost',
]);

function colourOf({ type }: Event): Colour | null {
  if (type === 'store.ready' || type === 'store.deleted') return 'green';
  if (type === 'store.provisioning_failed' || type === 'store.step_failed') return 'red';
  if (ASKS_FOR_ATTENTION.has(type)) return 'yellow';
  return type === 'store.step_started' ? 'dim' : null;
}
