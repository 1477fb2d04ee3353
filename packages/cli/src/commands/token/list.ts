// `souk token list`.
import type { Token } from '@souk/contract';
import { defineCommand, JSON_OPTION } from '../../command.ts';
import { connect } from '../../connection.ts';
import { EXIT } from '../../exit-code.ts';
import { formatTable } from '../../output/table.ts';
import { formatAge } from '../../output/words.ts';

export const listTokens = defineCommand({
  words: ['token', 'list'],
  summary: 'list the API tokens of the tenant',
  arguments: [],
  options: JSON_OPTION,
  examples: ['souk token list'],
  run: async ({ values, terminal, env, signal }) => {
    const items = await (await connect(env)).listTokens({ signal });
    if (values.json) terminal.printJson({ items });
    else for (const line of formatTable(HEADER, items.map(row))) terminal.print(line);
    return EXIT.ok;
  },
});

const HEADER = ['ID', 'NAME', 'SCOPES', 'STATE', 'LAST USED', 'CREATED'] as const;

function row({ id, name, scopes, lastUsedAt, createdAt, ...token }: Token): string[] {
  const used = lastUsedAt === null ? 'never' : formatAge(lastUsedAt);
  return [id, name, scopes.join(','), stateOf(token), used, formatAge(createdAt)];
}

function stateOf({ revokedAt, expiresAt }: Pick<Token, 'revokedAt' | 'expiresAt'>): string {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'live';
}
