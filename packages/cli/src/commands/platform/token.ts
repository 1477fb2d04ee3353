// `souk token` and `souk login`: how to get in.
import { defineCommand, JSON_OPTION } from '../../command.ts';
import { connect, readConnection } from '../../connection.ts';
import { CommandError, EXIT } from '../../exit-code.ts';
import { formatTime } from '../../output/words.ts';

export const token = defineCommand({
  words: ['token'],
  summary: 'print the API token of the first tenant',
  arguments: [],
  options: JSON_OPTION,
  examples: [
    'souk token',
    'souk token --json',
    'curl -H "Authorization: Bearer $(souk token)" http://localhost:8080/api/v1/stores',
  ],
  run: async ({ values, terminal, env }) => {
    const { url, token: value } = await readConnection(env);
    if (value === null) throw new CommandError(EXIT.notFound, `no token is known for ${url}`, 'set SOUK_TOKEN');
    if (values.json) terminal.printJson({ token: value });
    // Alone on its line and the last one, for $(souk token).
    else terminal.print(value);
    return EXIT.ok;
  },
});

export const login = defineCommand({
  words: ['login'],
  summary: 'print a one-time link that signs in to the dashboard',
  arguments: [],
  options: {
    email: { type: 'string', value: 'ADDRESS', help: 'whom it signs in; without it, the first platform admin' },
    ...JSON_OPTION,
  },
  details: 'The link works once, for 15 minutes. An address that nobody has becomes a platform admin.',
  examples: ['souk login', 'souk login --email me@example.com'],
  run: async ({ values, terminal, env, signal }) => {
    const client = await connect(env);
    const link = await client.makeSignInLink(values.email === undefined ? {} : { email: values.email }, { signal });
    if (values.json) terminal.printJson(link);
    else {
      terminal.note(`Signs in ${link.email}, once, until ${formatTime(link.expiresAt)}:`);
      // Alone on its line and the last one, for xdg-open $(souk login).
      terminal.print(link.url);
    }
    return EXIT.ok;
  },
});
