// `souk store credentials`: reveals the admin login of a shop; the platform records who asked.
import { defineCommand, JSON_OPTION } from '../../command.ts';
import { connect } from '../../connection.ts';
import { EXIT } from '../../exit-code.ts';
import { findStore } from '../../find-store.ts';
import { formatTable } from '../../output/table.ts';
import { STORE_ARGUMENT } from './store-argument.ts';

export const showCredentials = defineCommand({
  words: ['store', 'credentials'],
  summary: "reveal the login of a shop's admin",
  arguments: [STORE_ARGUMENT],
  options: { reset: { type: 'boolean', help: 'set a new password first' }, ...JSON_OPTION },
  details:
    'Revealing is recorded in the timeline. After the password was changed in the shop itself, only --reset gives a valid one.',
  examples: ['souk store credentials acme', 'souk store credentials acme --json'],
  run: async ({ values, arguments: [nameOrId = ''], terminal, env, signal }) => {
    const client = await connect(env);
    const { id } = await findStore(client, nameOrId, signal);
    const credentials = values.reset
      ? await client.resetCredentials(id, { signal })
      : await client.revealCredentials(id, { signal });
    if (values.json) {
      terminal.printJson(credentials);
      return EXIT.ok;
    }
    const rows = [
      ['admin', credentials.adminUrl],
      ['username', credentials.username],
      ['password', credentials.password],
    ];
    if (credentials.publishableKey !== undefined) rows.push(['publishable key', credentials.publishableKey]);
    for (const line of formatTable([], rows)) terminal.print(line);
    return EXIT.ok;
  },
});
