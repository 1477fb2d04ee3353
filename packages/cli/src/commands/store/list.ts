// `souk store list`.
import { PHASES, phaseSchema, type Store } from '@souk/contract';
import { defineCommand, JSON_OPTION } from '../../command.ts';
import { connect } from '../../connection.ts';
import { EXIT, UsageError } from '../../exit-code.ts';
import { formatTable } from '../../output/table.ts';
import type { Terminal } from '../../output/terminal.ts';
import { colourOfHealth, colourOfPhase, formatAge } from '../../output/words.ts';

export const listStores = defineCommand({
  words: ['store', 'list'],
  summary: 'list the stores',
  arguments: [],
  options: {
    phase: { type: 'string', value: 'PHASE', help: `only those in this phase: ${PHASES.join(', ')}` },
    engine: { type: 'string', short: 'e', value: 'NAME', help: 'only those of this engine' },
    query: { type: 'string', short: 'q', value: 'TEXT', help: 'only those whose name holds this' },
    ...JSON_OPTION,
  },
  details: 'Deleted stores are left out unless --phase deleted asks for them.',
  examples: ['souk store list', 'souk store list --phase failed', 'souk store list --json'],
  run: async ({ values, terminal, env, signal }) => {
    const phase = values.phase === undefined ? undefined : phaseSchema.safeParse(values.phase);
    if (phase?.success === false) throw new UsageError(`there is no phase "${values.phase}"`, 'store list');
    const client = await connect(env);
    const stores: Store[] = [];
    const wanted = {
      limit: 200,
      signal,
      ...(phase === undefined ? {} : { phase: phase.data }),
      ...(values.engine === undefined ? {} : { engine: values.engine }),
      ...(values.query === undefined ? {} : { q: values.query }),
    };
    for await (const store of client.eachStore(wanted)) stores.push(store);
    if (values.json) terminal.printJson({ items: stores });
    else if (stores.length === 0) terminal.note('No stores. "souk store create NAME --wait" makes one.');
    else
      for (const line of formatTable(
        HEADER,
        stores.map((store) => row(store, terminal)),
      ))
        terminal.print(line);
    return EXIT.ok;
  },
});

const HEADER = ['NAME', 'ENGINE', 'PLAN', 'PHASE', 'HEALTH', 'CREATED', 'ADDRESS'] as const;

function row(store: Store, terminal: Terminal): string[] {
  return [
    store.name,
    store.engine,
    store.plan,
    terminal.paint(colourOfPhase(store.phase), store.phase),
    terminal.paint(colourOfHealth(store.health), store.health),
    formatAge(store.createdAt),
    store.storefrontUrl,
  ];
}
