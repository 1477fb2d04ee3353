import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defineCommand } from './command.ts';
import { COMMANDS } from './command-list.ts';
import { runCommands } from './test-terminal.ts';

const souk = async (line: string) => await runCommands(COMMANDS, line);

describe('the command line', () => {
  it('has help with an example for every command', async () => {
    for (const command of COMMANDS) {
      const { exitCode, out } = await souk(`help ${command.words.join(' ')}`);
      assert.equal(exitCode, 0);
      assert.match(out, new RegExp(`Examples\\n {2}(?:curl .*)?souk ${command.words.join(' ')}`));
      assert.equal(command.examples.length > 0, true);
    }
  });

  it('shows the same help for --help, except to programs that have their own', async () => {
    const { out } = await souk('help store create');
    assert.equal((await souk('store create --help')).out, out);
    assert.equal((await souk('store create acme -h')).out, out);
  });

  it('lists every command, exit code and variable', async () => {
    const { exitCode, out } = await souk('help');
    assert.equal(exitCode, 0);
    for (const { words } of COMMANDS) assert.ok(out.includes(`souk ${words.join(' ')}`), words.join(' '));
    for (const word of ['SOUK_HOME', 'SOUK_URL', 'SOUK_TOKEN', '6  the platform cannot be reached'])
      assert.ok(out.includes(word), word);
  });

  it('exits with 2 for what it does not understand, and says where to look', async () => {
    for (const line of [
      '',
      'sore',
      'store',
      'store fly',
      'store show',
      'store show a b',
      'store list --colour',
      'up --port x',
      'up --demo=x',
      'up --ingress-url http://example.com',
      'up --context one --ingress-url example.com:80',
    ]) {
      const { exitCode, out, error } = await souk(line);
      assert.equal(exitCode, 2, line);
      assert.match(out + error, /souk help|"souk help/, line);
    }
  });

  it('takes an option with an optional value bare and with "="', async () => {
    const seen: unknown[] = [];
    const command = defineCommand({
      words: ['go'],
      summary: 'go',
      arguments: [],
      options: { demo: { type: 'string', whenBare: 'medusa', help: '' }, json: { type: 'boolean', help: '' } },
      examples: [],
      run: async ({ values }) => {
        seen.push(values.demo);
        return 0;
      },
    });
    for (const line of ['go --demo', 'go --demo --json', 'go --demo=other', 'go']) await runCommands([command], line);
    assert.deepEqual(seen, ['medusa', 'medusa', 'other', undefined]);
  });

  it('exits with 1 and asks for a report when a command breaks', async () => {
    const command = defineCommand({
      words: ['break'],
      summary: 'break',
      arguments: [],
      options: {},
      examples: [],
      run: async () => {
        throw new Error('a mistake');
      },
    });
    const { exitCode, error } = await runCommands([command], 'break');
    assert.equal(exitCode, 1);
    assert.match(error, /a mistake/);
    assert.match(error, /please report it/);
  });
});
