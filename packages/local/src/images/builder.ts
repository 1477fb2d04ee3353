// The two programs that can build a Dockerfile here. Both are given the same folder, the same pinned Dockerfile and the
// same secrets; they differ in where images are kept between builds and how one becomes an archive.

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { BASE_RECIPE, makeBaseFolder } from './base-image.ts';
import type { BuildSecret } from './build-secrets.ts';
import { BASE_IMAGE } from './dockerfile.ts';
import { runLogged, runQuiet } from './run-logged.ts';

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

/** buildah where root is given, Docker otherwise; neither is an error that names the remedy. */
export async function chooseBuilder(cacheDir: string): Promise<Builder> {
  const isRoot = process.getuid?.() === 0;
  if (isRoot && (await succeeds(['buildah', '--version']))) return await openBuildah(cacheDir);
  if (await succeeds(['docker', 'info'])) return openDocker();
  throw new Error('images need buildah (as root: apt-get install buildah mmdebstrap) or a running Docker engine');
}

async function openBuildah(cacheDir: string): Promise<Builder> {
  const home = path.join(cacheDir, 'buildah');
  const root = path.join(home, 'storage');
  const run = path.join(home, 'run');
  const env = { BUILDAH_ISOLATION: 'chroot', TMPDIR: path.join(home, 'tmp') };
  for (const folder of [root, run, env.TMPDIR]) await mkdir(folder, { recursive: true });
  // Mounts of a build live in a namespace of its own, so even a killed one leaves none behind on the machine.
  const withDriver = (driver: string): string[] => [
    ...['unshare', '--mount', '--propagation', 'private'],
    ...['buildah', '--root', root, '--runroot', run, '--storage-driver', driver],
  ];
  // An overlay cannot lie on another overlay, as inside some containers; vfs copies and works everywhere.
  const hasOverlay = await succeeds([...withDriver('overlay'), 'images', '-q'], env);
  const driver = withDriver(hasOverlay ? 'overlay' : 'vfs');
  // Whoever builds holds the lock together with others. Whoever gets it alone knows that no build is under way, and that
  // working containers still there are leavings of killed ones.
  const lock = path.join(home, 'lock');
  const buildah = ['flock', '--shared', lock, ...driver];
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
        await makeBaseFolder(folder, logFile);
        await runLogged([...buildah, 'bud', '--pull-never', '--tag', base, folder], { logFile, env });
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    async build({ reference, dockerfile, context, contexts, labels, secrets, logFile }) {
      await runLogged(
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
          ...secrets.flatMap(({ id, file }) => ['--secret', `id=${id},src=${file}`]),
          '--tag',
          reference,
          context,
        ],
        { logFile, env },
      );
    },
    async save(reference, archive, logFile) {
      // Half the time of gzip, and containerd unpacks it no slower than no compression at all.
      const compression = ['--compression-format', 'zstd', '--compression-level', '1'];
      await runLogged([...buildah, 'push', ...compression, reference, `oci-archive:${archive}:${reference}`], {
        logFile,
        env,
      });
    },
    async load(_reference, archive, logFile) {
      await runLogged([...buildah, 'pull', `oci-archive:${archive}`], { logFile, env });
    },
  };
}

function openDocker(): Builder {
  const env = { DOCKER_BUILDKIT: '1' };
  return {
    name: 'docker',
    base: BASE_IMAGE,
    has: (reference) => succeeds(['docker', 'image', 'inspect', reference]),
    async ensureBase() {
      // The engine fetches the base by itself.
    },
    async build({ reference, dockerfile, context, contexts, labels, secrets, logFile }) {
      await runLogged(
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
        { logFile, env },
      );
    },
    async save(reference, archive, logFile) {
      await runLogged(['docker', 'save', '--output', archive, reference], { logFile, env });
    },
    async load(_reference, archive, logFile) {
      await runLogged(['docker', 'load', '--input', archive], { logFile, env });
    },
  };
}

function eachOf(option: string, values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [option, `${name}=${value}`]);
}

async function succeeds(command: readonly string[], env: Record<string, string> = {}): Promise<boolean> {
  return await runQuiet(command, env).then(
    () => true,
    () => false,
  );
}
