import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
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
