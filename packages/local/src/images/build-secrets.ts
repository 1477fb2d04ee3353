// What `npm` inside a build may use of this machine: how it reaches its registry, and whose certificates it believes. Builders
// mount both for single RUN lines as the secrets `npmrc` and `ca`; they never reach a layer. Dockerfiles take them with
// `required=false`, because most machines have neither.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { tryRun } from '../host/run.ts';

export type BuildSecret = { id: 'npmrc' | 'ca'; file: string };

/** Where Dockerfiles mount the certificates; the npm settings point there. */
const CA_IN_BUILD = '/run/secrets/ca';
const CA_ON_HOST = '/etc/ssl/certs/ca-certificates.crt';

// Only what leads to a registry. Everything else, as paths of this machine or how packages are laid out, is the build's own.
const NETWORK = [
  'registry',
  'replace-registry-host',
  'proxy',
  'https-proxy',
  'noproxy',
  'strict-ssl',
  'cert',
  'key',
  'local-address',
  'maxsockets',
  'fetch-retries',
  'fetch-retry-factor',
  'fetch-retry-mintimeout',
  'fetch-retry-maxtimeout',
  'fetch-timeout',
];

type Settings = Record<string, unknown>;

export async function writeBuildSecrets(folder: string, env: NodeJS.ProcessEnv = process.env): Promise<BuildSecret[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const settings = await askNpm(env);
  const lines = Object.entries(settings)
    .filter(([name, value]) => (NETWORK.includes(name) || /^@[^:]+:registry$/.test(name)) && isSet(value))
    .map(([name, value]) => `${name}=${render(value)}`);
  // npm shows nobody its credentials, but tells which files it reads.
  for (const file of [settings.globalconfig, settings.userconfig]) lines.push(...(await readCredentials(file, env)));

  const secrets: BuildSecret[] = [];
  const certificates = await collectCertificates(settings, env);
  if (certificates !== '') {
    const file = path.join(folder, 'ca');
    await writeFile(file, certificates, { mode: 0o600 });
    secrets.push({ id: 'ca', file });
    lines.push(`cafile=${CA_IN_BUILD}`);
  }
  if (lines.length > 0) {
    const file = path.join(folder, 'npmrc');
    await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
    secrets.push({ id: 'npmrc', file });
  }
  return secrets;
}

/** npm's own view of its settings: it knows all the places they come from, and which one wins. */
async function askNpm(env: NodeJS.ProcessEnv): Promise<Settings> {
  // Not in a project, whose settings are about the project.
  const asked = await tryRun(['npm', 'config', 'ls', '--long', '--json'], { env, cwd: '/', timeoutMs: 30_000 }).catch(
    () => null,
  );
  if (asked?.code !== 0) return {};
  return JSON.parse(asked.stdout) as Settings;
}

function isSet(value: unknown): boolean {
  const isEmptyList = Array.isArray(value) && value.every((one) => one === '');
  return value !== null && value !== '' && !isEmptyList;
}

function render(value: unknown): string {
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** The lines of a settings file that name a registry's credentials, with `${VARIABLES}` as npm would fill them in. */
async function readCredentials(file: unknown, env: NodeJS.ProcessEnv): Promise<string[]> {
  if (typeof file !== 'string') return [];
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('//') || line.startsWith('_'))
    .map((line) => line.replace(/(?<!\\)\$\{([^}?]+)\??\}/g, (whole, name: string) => env[name] ?? whole));
}

/** The machine's certificates and those that npm and Node were told of beside them; empty when there are none. */
async function collectCertificates({ ca, cafile }: Settings, env: NodeJS.ProcessEnv): Promise<string> {
  const files = new Set([CA_ON_HOST, cafile, env.NODE_EXTRA_CA_CERTS].filter((file) => typeof file === 'string'));
  const parts: string[] = [];
  for (const file of files) parts.push(await readFile(file, 'utf8').catch(() => ''));
  for (const one of [ca].flat()) if (typeof one === 'string') parts.push(one);
  return parts
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => `${part}\n`)
    .join('');
}
