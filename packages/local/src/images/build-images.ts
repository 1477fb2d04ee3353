// Builds images from their folders into archives named by content hash. An archive appears under its name only when it is
// whole, so a cache is never half right; what is there already is not built again, nor is what only it stood on.

import { access, mkdir, mkdtemp, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ArchiveMissing, archiveLabels, obtainArchives } from './archives.ts';
import { lockOrWait, unlock } from './build-lock.ts';
import { writeBuildSecrets } from './build-secrets.ts';
import { type Builder, chooseBuilder } from './builder.ts';
import { ARCHIVES_CONTEXT, LOCAL_PREFIX, PROGRAMS_CONTEXT, pinReferences } from './dockerfile.ts';
import { copyFolder } from './image-folder.ts';
import { type PlannedImage, planImages } from './image-plan.ts';
import { layOutPrograms } from './programs.ts';
import { tidyCache } from './tidy-cache.ts';

export const IMAGES_DIR = fileURLToPath(new URL('../../../../images', import.meta.url));

export type BuildImagesOptions = {
  names: readonly string[];
  cacheDir: string;
  /** Where the Go programs lie that some images take in; may be absent while no such image is asked for. */
  programsDir?: string | undefined;
  /** Called with one line for each thing that begins or ends. */
  log: (line: string) => void;
  /** More folders of images, looked at after this repository's `images/`; what they hold may stand on images of it. */
  moreImagesDirs?: readonly string[];
  /** What builds; chosen by what this machine has when absent. */
  builder?: Builder;
  /** Ends the build under way and begins no other. */
  signal?: AbortSignal | undefined;
};

export type BuiltImages = {
  /** Name → reference. */
  images: Record<string, string>;
  /** Images that could not be built for want of an archive: name → why, and what to do about it. */
  missing: Record<string, string>;
};

/** Builds every image asked for. Safe to run beside itself: the later archive replaces its equal. */
export async function buildImages(options: BuildImagesOptions): Promise<BuiltImages> {
  const { cacheDir, programsDir, log } = options;
  await tidyCache(cacheDir);
  const imagesDirs = [IMAGES_DIR, ...(options.moreImagesDirs ?? [])];
  const { images: plan, missing: unavailable } = await planImages(options.names, imagesDirs, { cacheDir, programsDir });
  await mkdir(path.join(cacheDir, 'images', 'logs'), { recursive: true });
  const wanted = plan.filter((image) => options.names.includes(image.name));
  const missing = new Set<PlannedImage>();
  for (const image of wanted) await collectMissing(image, plan, cacheDir, missing);
  if (missing.size > 0) {
    const builder = options.builder ?? (await chooseBuilder(cacheDir, options.signal));
    const ordered = plan.filter((image) => missing.has(image));
    log(`building ${ordered.length} images with ${builder.name}: ${ordered.map(({ name }) => name).join(', ')}`);
    for (const image of ordered) {
      options.signal?.throwIfAborted();
      const below = image.needs.find((need) => unavailable.has(need));
      const reason =
        below === undefined
          ? await whyNotBuilt(buildOnce(image, plan, builder, options))
          : (unavailable.get(below) ?? null);
      if (reason !== null) unavailable.set(image.name, reason);
    }
  }
  for (const [name, reason] of unavailable) log(`image ${name}: not built: ${reason}`);
  const built = wanted.filter(({ name }) => !unavailable.has(name));
  const now = new Date();
  // The time of last use lets a clean-up tell current archives from forgotten ones.
  for (const image of built) await utimes(archiveFile(cacheDir, image), now, now);
  return {
    images: Object.fromEntries(built.map((image) => [image.name, image.reference])),
    missing: Object.fromEntries([...unavailable].filter(([name]) => options.names.includes(name))),
  };
}

/** Null when it was built. What is missing from outside is no failure of the build; everything else is. */
async function whyNotBuilt(building: Promise<void>): Promise<string | null> {
  try {
    await building;
    return null;
  } catch (error) {
    if (error instanceof ArchiveMissing) return error.message;
    throw error;
  }
}

export function archiveFile(cacheDir: string, image: { name: string; hash: string }): string {
  return path.join(cacheDir, 'images', `${image.name}-${image.hash}.oci.tar`);
}

/** Whether every image has been built once, be it from older sources: what a change builds anew shares most with it. */
export async function hasArchives(cacheDir: string, names: readonly string[]): Promise<boolean> {
  const files = await readdir(path.join(cacheDir, 'images')).catch(() => []);
  const built = new Set(files.map((file) => /^(.+)-[0-9a-f]{16}\.oci\.tar$/.exec(file)?.[1]));
  return names.every((name) => built.has(name));
}

/** The archive of a reference that `buildImages` gave. */
export function archiveOf(cacheDir: string, reference: string): string {
  const [name = '', hash = ''] = reference.slice(LOCAL_PREFIX.length).split(':');
  return archiveFile(cacheDir, { name, hash });
}

export async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}

async function collectMissing(
  image: PlannedImage,
  plan: readonly PlannedImage[],
  cacheDir: string,
  missing: Set<PlannedImage>,
): Promise<void> {
  if (missing.has(image) || (await exists(archiveFile(cacheDir, image)))) return;
  missing.add(image);
  for (const need of plan.filter(({ name }) => image.needs.includes(name))) {
    await collectMissing(need, plan, cacheDir, missing);
  }
}

async function buildOnce(
  image: PlannedImage,
  plan: readonly PlannedImage[],
  builder: Builder,
  { cacheDir, log, signal }: BuildImagesOptions,
): Promise<void> {
  const archive = archiveFile(cacheDir, image);
  const lock = `${archive}.lock`;
  const isToBuild = await lockOrWait(lock, {
    isDone: () => exists(archive),
    onWait: (pid) => log(`image ${image.name}: being built by process ${pid}, waiting for it`),
    signal,
  });
  if (!isToBuild) return;
  try {
    await buildOne(image, plan, builder, cacheDir, log);
  } finally {
    await unlock(lock);
  }
}

async function buildOne(
  image: PlannedImage,
  plan: readonly PlannedImage[],
  builder: Builder,
  cacheDir: string,
  log: (line: string) => void,
): Promise<void> {
  const started = Date.now();
  const archive = archiveFile(cacheDir, image);
  const logFile = path.join(cacheDir, 'images', 'logs', `${image.name}-${image.hash}.log`);
  await writeFile(logFile, '');
  log(`image ${image.name}: building, log in ${logFile}`);
  const work = await mkdtemp(path.join(cacheDir, 'images', `.building-${image.name}-`));
  const half = `${archive}.${process.pid}.tmp`;
  try {
    if (image.isOnBaseImage) await builder.ensureBase(logFile);
    for (const need of plan.filter(({ name }) => image.needs.includes(name))) {
      // Builders forget images that the cache still has, as after their own store was emptied.
      if (!(await builder.has(need.reference)))
        await builder.load(need.reference, archiveFile(cacheDir, need), logFile);
    }
    const context = path.join(work, 'context');
    const programs = path.join(work, 'programs');
    const archives = path.join(work, 'archives');
    for (const folder of [context, programs, archives]) await mkdir(folder, { mode: 0o755 });
    await copyFolder(image.folder, image.files, context);
    await layOutPrograms(image.programs, programs);
    await layOutPrograms(await obtainArchives(image.archives, cacheDir, log), archives);
    const dockerfile = path.join(work, 'Dockerfile');
    await writeFile(
      dockerfile,
      pinReferences(image.dockerfile, (name) => referenceOf(name, plan), builder.base),
    );
    // Asking npm takes a moment, and most images have nothing to do with it.
    const secrets = image.dockerfile.includes('type=secret') ? await writeBuildSecrets(path.join(work, 'secrets')) : [];
    const contexts = { [PROGRAMS_CONTEXT]: programs, [ARCHIVES_CONTEXT]: archives };
    const labels = archiveLabels(image.archives);
    await builder.build({ reference: image.reference, dockerfile, context, contexts, labels, secrets, logFile });
    await builder.save(image.reference, half, logFile);
    await rename(half, archive);
  } finally {
    await rm(work, { recursive: true, force: true });
    await rm(half, { force: true });
  }
  const megabytes = Math.round((await stat(archive)).size / 1e6);
  log(`image ${image.name}: built in ${((Date.now() - started) / 1000).toFixed(1)} s, ${megabytes} MB`);
}

function referenceOf(name: string, plan: readonly PlannedImage[]): string {
  const image = plan.find((candidate) => candidate.name === name);
  if (image === undefined) throw new Error(`the plan lacks the image ${name}`);
  return image.reference;
}
