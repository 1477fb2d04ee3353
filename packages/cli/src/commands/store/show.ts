// `souk store show`.
import { defineCommand, JSON_OPTION } from '../../command.ts';
import { connect } from '../../connection.ts';
import { EXIT } from '../../exit-code.ts';
import { findStore } from '../../find-store.ts';
import { formatTable } from '../../output/table.ts';
import {
  colourOfHealth,
  colourOfPhase,
  formatAge,
  formatDuration,
  formatTime,
  provisioningMs,
} from '../../output/words.ts';
import { STORE_ARGUMENT } from './store-argument.ts';

export const showStore = defineCommand({
  words: ['store', 'show'],
  summary: 'show all about one store',
  arguments: [STORE_ARGUMENT],
  options: JSON_OPTION,
  examples: ['souk store show acme', 'souk store show sto_3k9x0q7m2a --json'],
  run: async ({ values, arguments: [nameOrId = ''], terminal, env, signal }) => {
    const store = await findStore(await connect(env), nameOrId, signal);
    if (values.json) {
      terminal.printJson(store);
      return EXIT.ok;
    }
    const rows = [
      ['name', terminal.paint('bold', store.name)],
      ['id', store.id],
      ['engine', `${store.engine} ${store.engineVersion}`],
      ['plan', store.plan],
      ['phase', terminal.paint(colourOfPhase(store.phase), store.phase)],
      ['health', terminal.paint(colourOfHealth(store.health), store.health)],
      ['storefront', store.storefrontUrl],
      ['admin', store.adminUrl],
      ['created', `${formatTime(store.createdAt)} (${formatAge(store.createdAt)})`],
    ];
    if (store.readyAt !== null) rows.push(['ready after', formatDuration(provisioningMs(store))]);
    if (store.generation !== store.observedGeneration)
      rows.push(['pending', 'the last change is still being carried out']);
    if (store.error !== null) {
      const where = store.error.step === null ? '' : ` in ${store.error.step}`;
      rows.push(['error', terminal.paint('red', `${store.error.message} (${store.error.code}${where})`)]);
    }
    for (const line of formatTable([], rows)) terminal.print(line);
    return EXIT.ok;
  },
});
