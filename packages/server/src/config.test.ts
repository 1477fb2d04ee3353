import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { findWeakSecrets, LOCAL_SESSION_SECRET } from './account-variables.ts';
import { API_VARIABLES, WORKER_VARIABLES } from './config.ts';
import { ConfigError, readConfig } from './read-config.ts';

describe('the configuration', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'souk-config-'));
    await writeFile(join(folder, 'key'), `${'ab'.repeat(32)}\n`);
    await writeFile(join(folder, 'url'), 'postgresql://u:canary@host/db\n');
    await writeFile(join(folder, 'images'), '{"medusa": "souk.local/medusa:1"}');
    await writeFile(join(folder, 'broken'), '{"medusa": 5}');
  });
  after(() => rm(folder, { recursive: true }));

  const minimal = () => ({ DATABASE_URL_FILE: join(folder, 'url'), PLATFORM_KEY_FILE: join(folder, 'key') });

  function problemsOf(variables: typeof API_VARIABLES, environment: Record<string, string>): readonly string[] {
    try {
      readConfig(variables, environment);
    } catch (error) {
      assert.ok(error instanceof ConfigError);
      return error.problems;
    }
    return [];
  }

  test('defaults fill what is not set, files are read, and the result is frozen', () => {
    const config = readConfig(API_VARIABLES, { ...minimal(), IMAGES_FILE: join(folder, 'images') });
    assert.equal(config.databaseUrl, 'postgresql://u:canary@host/db');
    assert.equal(config.platformKey.length, 32);
    assert.deepEqual(config.images, { medusa: 'souk.local/medusa:1' });
    assert.deepEqual(
      [config.port, config.baseDomain, config.apiToken, config.kubeconfig],
      [8081, 'souk.localhost', null, null],
    );
    assert.ok(Object.isFrozen(config));
  });

  test('all problems are told together, by name', () => {
    const problems = problemsOf(API_VARIABLES, { API_PORT: 'http', PUBLIC_SCHEME: 'ftp', LOG_LEVEL: 'loud' });
    for (const name of ['DATABASE_URL', 'PLATFORM_KEY_FILE', 'API_PORT', 'PUBLIC_SCHEME', 'LOG_LEVEL']) {
      assert.ok(
        problems.some((problem) => problem.startsWith(`${name}:`)),
        `${name} in ${problems.join('; ')}`,
      );
    }
  });

  test('a file that is missing or holds something else is a problem, and its content is never told', () => {
    assert.match(
      problemsOf(API_VARIABLES, { ...minimal(), PLATFORM_KEY_FILE: '/nowhere' }).join(),
      /PLATFORM_KEY_FILE: .*ENOENT/,
    );
    assert.match(
      problemsOf(API_VARIABLES, { ...minimal(), IMAGES_FILE: join(folder, 'broken') }).join(),
      /IMAGES_FILE: must hold/,
    );
    const problems = problemsOf(API_VARIABLES, { ...minimal(), PLATFORM_KEY_FILE: join(folder, 'url') }).join();
    assert.match(problems, /64 hexadecimal digits/);
    assert.ok(!problems.includes('canary'));
  });

  test('production starts with no secret that is missing, default, short or simple, and says which', async () => {
    await writeFile(join(folder, 'token'), 'a'.repeat(40));
    const strong = 'Zq8vT1xN4cR7mK2wB5hJ9dF6gL3sP0yU';
    const production = { ...minimal(), SOUK_PROFILE: 'production' };
    const namesOf = (environment: Record<string, string>): readonly string[] => {
      try {
        readConfig(API_VARIABLES, environment, findWeakSecrets);
        return [];
      } catch (error) {
        assert.ok(error instanceof ConfigError);
        assert.ok(!error.message.includes(LOCAL_SESSION_SECRET) && !error.message.includes('aaaa'));
        return error.problems.map((problem) => problem.split(':')[0] ?? '');
      }
    };
    assert.deepEqual(namesOf(production), ['SESSION_SECRET', 'PLATFORM_KEY_FILE']);
    assert.deepEqual(namesOf({ ...production, SESSION_SECRET: LOCAL_SESSION_SECRET }), [
      'SESSION_SECRET',
      'PLATFORM_KEY_FILE',
    ]);
    await writeFile(join(folder, 'key2'), '00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef');
    const good = { ...production, PLATFORM_KEY_FILE: join(folder, 'key2'), SESSION_SECRET: strong };
    assert.deepEqual(namesOf(good), []);
    assert.deepEqual(namesOf({ ...good, SESSION_SECRET: 'short' }), ['SESSION_SECRET']);
    assert.deepEqual(namesOf({ ...good, SESSION_SECRET: 'ab'.repeat(20) }), ['SESSION_SECRET']);
    assert.deepEqual(namesOf({ ...good, API_TOKEN_FILE: join(folder, 'token') }), ['API_TOKEN_FILE']);
    assert.deepEqual(namesOf({ ...minimal() }), []);
  });

  test('lists and labels are taken apart', () => {
    const config = readConfig(WORKER_VARIABLES, {
      ...minimal(),
      INGRESS_URL: 'http://10.0.0.1:80',
      ENGINE_FOLDERS: '/a: /b:',
      INGRESS_POD_LABELS: 'a=1,b=2',
    });
    assert.deepEqual(config.engineFolders, ['/a', '/b']);
    assert.deepEqual(config.ingressPodLabels, { a: '1', b: '2' });
  });

  test('closed networks may be given as addresses, and what is neither is refused', () => {
    const given = { ...minimal(), INGRESS_URL: 'http://10.0.0.1:80' };
    const config = readConfig(WORKER_VARIABLES, {
      ...given,
      CLOSED_NETWORKS: '203.0.113.7, 198.51.100.0/24,2001:db8::1',
    });
    assert.deepEqual(config.closedNetworks, ['203.0.113.7/32', '198.51.100.0/24', '2001:db8::1/128']);
    for (const wrong of ['node.example.org', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8']) {
      assert.throws(() => readConfig(WORKER_VARIABLES, { ...given, CLOSED_NETWORKS: wrong }), ConfigError, wrong);
    }
  });

  test('a process with a bad configuration ends with 1 and says where to read', () => {
    const run = spawnSync(process.execPath, [join(import.meta.dirname, 'main', 'api.ts')], {
      env: { API_PORT: 'x' },
      encoding: 'utf8',
    });
    assert.equal(run.status, 1);
    assert.match(run.stderr, /API_PORT: .*[\s\S]*docs\/configuration\.md/);
  });
});
