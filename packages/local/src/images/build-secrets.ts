// What `npm` inside a build may use of this machine: its npm settings and its certificate store. Builders mount both for
// single RUN lines as the secrets `npmrc` and `ca`; they never reach a layer. Dockerfiles take them with `required=false`,
// because most machines have neither.

import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';

export type BuildSecret = { id: 'npmrc' | 'ca'; file: string };

/** Where Dockerfiles mount the certificates; the npm settings point there. */
const CA_IN_BUILD = '/run/secrets/ca';
const CA_ON_HOST = '/etc/ssl/certs/ca-certificates.crt';
const SETTINGS_FILES = ['/usr/etc/npmrc', '/etc/npmrc', path.join(homedir(), '.npmrc')];

// These name paths of this machine or speak of how npm was installed here.
const LEFT_OUT = /^\s*(cafile|nodedir|prefix|cache|globalconfig|userconfig|yes|omit-lockfile-registry-resolved)\s*=/;

export async function writeBuildSecrets(folder: string): Promise<BuildSecret[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const secrets: BuildSecret[] = [];
  const lines: string[] = [];
  for (const file of SETTINGS_FILES) lines.push(...(await readFile(file, 'utf8').catch(() => '')).split('\n'));
  const settings = lines.filter((line) => line.trim() !== '' && !LEFT_OUT.test(line));
  const registry = process.env.npm_config_registry ?? process.env.NPM_CONFIG_REGISTRY;
  if (registry !== undefined) settings.push(`registry=${registry}`);

  const hasCa = await access(CA_ON_HOST).then(
    () => true,
    () => false,
  );
  if (hasCa) {
    settings.push(`cafile=${CA_IN_BUILD}`);
    secrets.push({ id: 'ca', file: CA_ON_HOST });
  }
  if (settings.length > 0) {
    const file = path.join(folder, 'npmrc');
    await writeFile(file, `${settings.join('\n')}\n`, { mode: 0o600 });
    secrets.push({ id: 'npmrc', file });
  }
  return secrets;
}
