// `souk token` and `souk login`: how to get in.
import { defineCommand } from '../../command.ts';
import { readConnection } from '../../connection.ts';
import { CommandError, EXIT } from '../../exit-code.ts';

export const token = defineCommand({
  words: ['token'],
  summary: 'print an API token of the first tenant',
  arguments: [],
  options: {},
  examples: ['souk token', 'curl -H "Authorization: Bearer $(souk token)" http://localhost:8080/api/v1/stores'],
  run: async ({ terminal, env }) => {
    const { url, token: value } = await readConnection(env);
    if (value === null) throw new CommandError(EXIT.notFound, `no token is known for ${url}`, 'set SOUK_TOKEN');
    // Alone on its line and the last one, for $(souk token).
    terminal.print(value);
    return EXIT.ok;
  },
});

export const login = defineCommand({
  words: ['login'],
  summary: 'print a one-time link that signs in to the dashboard',
  arguments: [],
  options: {},
  examples: ['souk login'],
  run: async ({ env }) => {
    const { url } = await readConnection(env);
    throw new CommandError(
      EXIT.failure,
      'this version of Souk has no accounts yet, so there is no one-time link',
      `use the API at ${url} with the token that "souk token" prints`,
    );
  },
});
