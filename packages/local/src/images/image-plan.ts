// Turns the folders under images/ into a plan: every wanted image with all it stands on, dependencies first, each with its
// content hash. The hash covers the folder, the programs and archives that go in, and the hashes of the images it is built from,
// so equal hashes mean equal images and a change below renames everything above.

import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { ArchiveMissing, type PinnedArchive, pinArchives } from './archives.ts';
import { BASE_RECIPE } from './base-image.ts';
import { isForBuildsOnly, LOCAL_PREFIX, readNeeds } from './dockerfile.ts';
import { type FolderFile, hashFolder, listFolder, readIgnoreRules } from './image-folder.ts';
import { findPrograms, type ProgramSources } from './programs.ts';

export type PlannedImage = {
  name: string;
  hash: string;
  /** `souk.local/<name>:<hash>`, what pods ask for. */
  reference: string;
  folder: string;
  dockerfile: string;
  files: FolderFile[];
  needs: string[];
  /** Name in the build context → path on this machine. */
  programs: Map<string, string>;
  archives: PinnedArchive[];
  isOnBaseImage: boolean;
};

export type ImagePlan = {
  /** Dependencies first. */
  images: PlannedImage[];
  /** Images that cannot be built because an archive is missing below them, with what to do about it. */
  missing: Map<string, string>;
};

const HASH_LENGTH = 16;

/** Without those that only other images are made from, where `forPods` says so. */
export async function listImageNames(imagesDirs: readonly string[], { forPods = false } = {}): Promise<string[]> {
  const names = new Set<string>();
  for (const imagesDir of imagesDirs) {
    for (const entry of await readdir(imagesDir)) {
      const dockerfile = await readDockerfile(path.join(imagesDir, entry));
      if (dockerfile !== undefined && !(forPods && isForBuildsOnly(dockerfile))) names.add(entry);
    }
  }
  return [...names].sort();
}

/** A name is looked for in the folders in their order; the first that has it wins. */
export async function planImages(
  names: readonly string[],
  imagesDirs: readonly string[],
  sources: ProgramSources,
): Promise<ImagePlan> {
  const planned = new Map<string, PlannedImage>();
  const missing = new Map<string, string>();
  const open: string[] = [];
  const visit = async (name: string): Promise<PlannedImage> => {
    const known = planned.get(name);
    if (known !== undefined) return known;
    if (open.includes(name)) throw new Error(`images stand on each other in a circle: ${[...open, name].join(' → ')}`);
    open.push(name);
    try {
      const image = await planOne(name, imagesDirs, sources, visit);
      planned.set(name, image);
      return image;
    } catch (error) {
      // What stands on it fails for the same reason on the way up.
      if (error instanceof ArchiveMissing) missing.set(name, error.message);
      throw error;
    } finally {
      open.pop();
    }
  };
  for (const name of names) {
    await visit(name).catch((error: unknown) => {
      if (!(error instanceof ArchiveMissing)) throw error;
    });
  }
  return { images: [...planned.values()], missing };
}

async function planOne(
  name: string,
  imagesDirs: readonly string[],
  sources: ProgramSources,
  visit: (name: string) => Promise<PlannedImage>,
): Promise<PlannedImage> {
  const { folder, dockerfile } = await findFolder(name, imagesDirs);
  const needs = readNeeds(dockerfile);
  const files = await listFolder(folder, await readIgnoreRules(folder));
  const programs = await findPrograms(needs.programs, sources);
  const archives = await pinArchives(folder, needs.archives, sources.cacheDir);

  const hash = createHash('sha256');
  hash.update(`folder ${await hashFolder(folder, files)}\n`);
  if (needs.isOnBaseImage) hash.update(`base ${BASE_RECIPE}\n`);
  for (const need of needs.images) hash.update(`image ${need} ${(await visit(need)).hash}\n`);
  for (const [program, file] of programs) hash.update(`program ${program} ${await hashProgram(file)}\n`);
  for (const { archive, sha256 } of archives) hash.update(`archive ${archive.name} ${sha256}\n`);
  const digest = hash.digest('hex').slice(0, HASH_LENGTH);
  return {
    name,
    hash: digest,
    reference: `${LOCAL_PREFIX}${name}:${digest}`,
    folder,
    dockerfile,
    files,
    needs: needs.images,
    programs,
    archives,
    isOnBaseImage: needs.isOnBaseImage,
  };
}

async function findFolder(
  name: string,
  imagesDirs: readonly string[],
): Promise<{ folder: string; dockerfile: string }> {
  for (const imagesDir of imagesDirs) {
    const folder = path.join(imagesDir, name);
    const dockerfile = await readDockerfile(folder);
    if (dockerfile !== undefined) return { folder, dockerfile };
  }
  throw new Error(`there is no image "${name}"; known: ${(await listImageNames(imagesDirs)).join(', ')}`);
}

async function hashProgram(file: string): Promise<string> {
  if ((await stat(file)).isDirectory()) return await hashFolder(file, await listFolder(file));
  return await hashFolder(path.dirname(file), [{ path: path.basename(file), kind: 'program' }]);
}

async function readDockerfile(folder: string): Promise<string | undefined> {
  return await readFile(path.join(folder, 'Dockerfile'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}
