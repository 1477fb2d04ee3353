// The two programs that can build a Dockerfile here. Both are given the same folder, the same pinned Dockerfile and the
// same secrets; they differ in where images are kept between builds and how one becomes an archive.

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readAptProxies } from '../host/debian-mirror.ts';
import { runLogged, tryRun } from '../host/run.ts';
import { PlatformError } from '../platform-error.ts';
import { BASE_RECIPE, makeBaseFolder } from './base-image.ts';
import type { BuildSecret } from './build-secrets.ts';
import { BASE_IMAGE } from './dockerfile.ts';

export type Build = {
  reference: string;
  dockerfile: string;
  context: string;
  /** Further build contexts: name → folder. */
  contexts: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  secrets: readonly BuildSecret[];
  logFile: string;
};

export type Builder = {
  name: 'buildah' | 'docker';
  /** What stands for the base image in the Dockerfiles. */
  base: string;
  has(reference: string): Promise<boolean>;
  ensureBase(logFile: string): Promise<void>;
  build(build: Build): Promise<void>;
  save(reference: string, archive: string, logFile: string): Promise<void>;
  load(reference: string, archive: string, logFile: string): Promise<void>;
};

const REMEDY = 'put right what the log tells of (often a registry that could not be reached), then run this again';

/** buildah where root is given, Docker otherwise; neither is an error that names the remedy. The signal ends a build. */
export async function chooseBuilder(cacheDir: string, signal?: AbortSignal): Promise<Builder> {
  const isRoot = process.getuid?.() === 0;
  if (isRoot && (await succeeds(['buildah', '--version']))) return await openBuildah(cacheDir, signal);
  if (await succeeds(['docker', 'info'])) return openDocker(signal);
  throw new PlatformError('images need buildah or a running Docker engine', {
    remedy: 'as root: apt-get install buildah mmdebstrap; without root: install and start Docker; or give IMAGES_FILE',
  });
}

/** Runs one program of a build, with all it says going to that build's log. */
export type Execute = (command: readonly string[], logFile: string) => Promise<void>;

function executeWith(env: Record<string, string>, signal: AbortSignal | undefined): Execute {
  // Killed, because the first process of a namespace does not hear of anything less.
  return (command, logFile) =>
    runLogged(command, logFile, { env: { ...process.env, ...env }, remedy: REMEDY, signal, killSignal: 'SIGKILL' });
}

/**
 * Mounts and processes of a build live in namespaces of their own: even a killed one leaves no mount behind on the machine, and a
 * server that it started in the background ends with it.
 */
export const SEALED_OFF = [
  ...['unshare', '--mount', '--propagation', 'private'],
  ...['--pid', '--fork', '--kill-child', '--mount-proc'],
] as const;

async function openBuildah(cacheDir: string, signal: AbortSignal | undefined): Promise<Builder> {
  const home = path.join(cacheDir, 'buildah');
  const root = path.join(home, 'storage');
  const run = path.join(home, 'run');
  const env = { BUILDAH_ISOLATION: 'chroot', TMPDIR: path.join(home, 'tmp') };
  const execute = executeWith(env, signal);
  for (const folder of [root, run, env.TMPDIR]) await mkdir(folder, { recursive: true });
  const withDriver = (driver: string): string[] => [
    ...SEALED_OFF,
    ...['buildah', '--root', root, '--runroot', run, '--storage-driver', driver],
  ];
  // An overlay cannot lie on another overlay, as inside some containers; vfs copies and works everywhere.
  const hasOverlay = await succeeds([...withDriver('overlay'), 'images', '-q'], env);
  const driver = withDriver(hasOverlay ? 'overlay' : 'vfs');
  // Apt's alone: as variables of the build they would lead npm to a cache that has only Debian's packages.
  const proxies = await readAptProxies();
  const aptSettings = path.join(home, 'apt-proxies.conf');
  await writeFile(aptSettings, proxies.map(({ key, url }) => `${key} "${url}";\n`).join(''));
  const withProxies = proxies.length === 0 ? [] : ['--volume', `${aptSettings}:/etc/apt/apt.conf.d/90proxies:ro`];
  // Whoever builds holds the lock together with others. Whoever gets it alone knows that no build is under way, and that
  // working containers still there are leavings of killed ones.
  const lock = path.join(home, 'lock');
  // The lock's process becomes the build's, so that ending one ends the other.
  const buildah = ['flock', '--no-fork', '--shared', lock, ...driver];
  await succeeds(['flock', '--exclusive', '--nonblock', lock, ...driver, 'rm', '--all'], env);
  const has = (reference: string): Promise<boolean> =>
    succeeds([...buildah, 'inspect', '--type', 'image', '--format', '{{.FromImageID}}', reference], env);
  // Named by its recipe: a changed recipe makes a new base instead of being taken for the old one.
  const base = `localhost/souk-base:${createHash('sha256').update(BASE_RECIPE).digest('hex').slice(0, 16)}`;

  return {
    name: 'buildah',
    base,
    has,
    async ensureBase(logFile) {
      if (await has(base)) return;
      const folder = await mkdtemp(path.join(env.TMPDIR, 'base-'));
      try {
        const throughProxies = Object.fromEntries(proxies.map(({ variable, url }) => [variable, url]));
        await makeBaseFolder(folder, logFile, executeWith({ ...env, ...throughProxies }, signal));
        await execute([...buildah, 'bud', '--pull-never', '--tag', base, folder], logFile);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    async build({ reference, dockerfile, context, contexts, labels, secrets, logFile }) {
      await execute(
        [
          ...buildah,
          'bud',
          '--pull-never',
          '--layers',
          '--force-rm',
          '--network',
          'host',
          '--file',
          dockerfile,
          ...eachOf('--build-context', contexts),
          ...eachOf('--label', labels),
          ...withProxies,
          ...secrets.flatMap(({ id, file }) => ['--secret', `id=${id},src=${file}`]),
          '--tag',
          reference,
          context,
        ],
        logFile,
      );
    },
    async save(reference, archive, logFile) {
      // Half the time of gzip, and containerd unpacks it no slower than no compression at all.
      const compression = ['--compression-format', 'zstd', '--compression-level', '1'];
      await execute([...buildah, 'push', ...compression, reference, `oci-archive:${archive}:${reference}`], logFile);
    },
    async load(_reference, archive, logFile) {
      await execute([...buildah, 'pull', `oci-archive:${archive}`], logFile);
    },
  };
}

function openDocker(signal: AbortSignal | undefined): Builder {
  const execute = executeWith({ DOCKER_BUILDKIT: '1' }, signal);
  return {
    name: 'docker',
    base: BASE_IMAGE,
    has: (reference) => succeeds(['docker', 'image', 'inspect', reference]),
    async ensureBase() {
      // The engine fetches the base by itself.
    },
    async build({ reference, dockerfile, context, contexts, labels, secrets, logFile }) {
      await execute(
        [
          'docker',
          'build',
          '--file',
          dockerfile,
          ...eachOf('--build-context', contexts),
          ...eachOf('--label', labels),
          ...secrets.flatMap(({ id, file }) => ['--secret', `id=${id},src=${file}`]),
          '--tag',
          reference,
          context,
        ],
        logFile,
      );
    },
    async save(reference, archive, logFile) {
      await execute(['docker', 'save', '--output', archive, reference], logFile);
    },
    async load(_reference, archive, logFile) {
      await execute(['docker', 'load', '--input', archive], logFile);
    },
  };
}

function eachOf(option: string, values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [option, `${name}=${value}`]);
}

async function succeeds(command: readonly string[], env: Record<string, string> = {}): Promise<boolean> {
  const result = await tryRun(command, { env: { ...process.env, ...env } }).catch(() => null);
  return result?.code === 0;
}
