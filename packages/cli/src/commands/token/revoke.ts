// `souk token revoke`.
import { defineCommand, JSON_OPTION } from '../../command.ts';
import { connect } from '../../connection.ts';
import { EXIT } from '../../exit-code.ts';

export const revokeToken = defineCommand({
  words: ['token', 'revoke'],
  summary: 'end an API token at once',
  arguments: [{ name: 'ID', isRequired: true, help: 'as "souk token list" shows it' }],
  options: JSON_OPTION,
  examples: ['souk token revoke tok_3k9x0q7m2a'],
  run: async ({ values, arguments: [id = ''], terminal, env, signal }) => {
    const token = await (await connect(env)).revokeToken(id, { signal });
    if (values.json) terminal.printJson(token);
    else terminal.print(`${token.name} (${token.id}) is revoked`);
    return EXIT.ok;
  },
});
