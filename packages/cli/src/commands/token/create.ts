// `souk token create`: the secret is printed once, alone on the last line, for $(souk token create ci).
import { SCOPES, type Scope, scopeSchema } from '@souk/contract';
import { defineCommand, JSON_OPTION } from '../../command.ts';
import { connect } from '../../connection.ts';
import { EXIT, UsageError } from '../../exit-code.ts';

export const createToken = defineCommand({
  words: ['token', 'create'],
  summary: 'make an API token',
  arguments: [{ name: 'NAME', isRequired: true, help: 'what it is for' }],
  options: {
    scopes: {
      type: 'string',
      short: 's',
      value: 'SCOPES',
      help: `what it may do, divided by "," (${SCOPES.join(', ')})`,
    },
    days: { type: 'string', value: 'DAYS', help: 'when it ends; without it, never' },
    ...JSON_OPTION,
  },
  details: 'The token is shown this once. Without --scopes it may read stores and no more.',
  examples: ['souk token create ci --scopes stores:write --days 90'],
  run: async ({ values, arguments: [name = ''], terminal, env, signal }) => {
    const scopes = (values.scopes ?? 'stores:read').split(',').map((scope) => readScope(scope.trim()));
    const client = await connect(env);
    const days = values.days === undefined ? {} : { expiresInDays: readDays(values.days) };
    const created = await client.createToken({ name, scopes, ...days }, { signal });
    if (values.json) terminal.printJson(created);
    else {
      terminal.note(
        `${created.token.name} (${created.token.id}) may ${created.token.scopes.join(', ')}; shown this once:`,
      );
      terminal.print(created.secret);
    }
    return EXIT.ok;
  },
});

function readScope(text: string): Scope {
  const scope = scopeSchema.safeParse(text).data;
  if (scope === undefined)
    throw new UsageError(`there is no scope "${text}"; there is: ${SCOPES.join(', ')}`, 'token create');
  return scope;
}

function readDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1)
    throw new UsageError(`--days is not a number of days: "${text}"`, 'token create');
  return days;
}
