import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { writeBuildSecrets } from './build-secrets.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'souk-secrets-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function secretsWith(settings: { user?: string; global?: string; env?: NodeJS.ProcessEnv }): Promise<{
  npmrc: string;
  ca: string;
}> {
  const [userconfig, globalconfig] = [path.join(folder, 'user'), path.join(folder, 'global')];
  await writeFile(userconfig, settings.user ?? '');
  await writeFile(globalconfig, settings.global ?? '');
  const env = { PATH: process.env.PATH, HOME: folder, NPM_CONFIG_USERCONFIG: userconfig };
  const all = { ...env, NPM_CONFIG_GLOBALCONFIG: globalconfig, ...settings.env };
  const secrets = await writeBuildSecrets(path.join(folder, 'secrets'), all);
  for (const { file } of secrets) assert.equal((await stat(file)).mode & 0o077, 0, `${file} can be read by others`);
  const read = async (id: string): Promise<string> => {
    const file = secrets.find((secret) => secret.id === id)?.file;
    return file === undefined ? '' : await readFile(file, 'utf8');
  };
  return { npmrc: await read('npmrc'), ca: await read('ca') };
}

test('settings come from wherever npm takes them, and what wins for npm wins in a build', async () => {
  const { npmrc } = await secretsWith({
    global: 'registry=https://global.example/\nhttps-proxy=http://proxy.example:3128\nnoproxy=a.example,b.example\n',
    user: 'registry=https://user.example/\n@mine:registry=https://mine.example/\n',
  });
  assert.match(npmrc, /^registry="https:\/\/user\.example\/"$/m);
  assert.match(npmrc, /^@mine:registry="https:\/\/mine\.example\/"$/m);
  assert.match(npmrc, /^https-proxy="http:\/\/proxy\.example:3128\/?"$/m);
  assert.match(npmrc, /^noproxy=a\.example,b\.example$/m);
  assert.doesNotMatch(npmrc, /global\.example/);
});

test('the environment wins over files', async () => {
  const env = { npm_config_registry: 'https://env.example/' };
  const { npmrc } = await secretsWith({ user: 'registry=https://user.example/\n', env });
  assert.match(npmrc, /^registry="https:\/\/env\.example\/"$/m);
});

test('credentials go along, with variables filled in', async () => {
  const variable = '$'.concat('{A_TOKEN}');
  const user = `//r.example/:_authToken=${variable}\n//s.example/:_password=plain\n; //t.example/:_authToken=no\n`;
  const { npmrc } = await secretsWith({ user, env: { A_TOKEN: 'sesame' } });
  assert.match(npmrc, /^\/\/r\.example\/:_authToken=sesame$/m);
  assert.match(npmrc, /^\/\/s\.example\/:_password=plain$/m);
  assert.doesNotMatch(npmrc, /t\.example/);
});

test('paths of this machine and habits of its owner stay here', async () => {
  const { npmrc } = await secretsWith({ user: 'prefix=/opt/npm\ncache=/fast/cache\nlegacy-peer-deps=true\n' });
  assert.doesNotMatch(npmrc, /prefix|\/fast|legacy-peer-deps/);
});

test('certificates of npm and Node are added to the machine’s', async () => {
  const [one, two] = [path.join(folder, 'one.pem'), path.join(folder, 'two.pem')];
  await writeFile(one, '-----ONE-----');
  await writeFile(two, '-----TWO-----\n');
  const { npmrc, ca } = await secretsWith({ user: `cafile=${one}\n`, env: { NODE_EXTRA_CA_CERTS: two } });
  assert.match(ca, /-----ONE-----\n-----TWO-----\n$/);
  assert.match(npmrc, /^cafile=\/run\/secrets\/ca$/m);
});
