// Everything that `up` gets ready before the supervisor starts: the machine's own programs, ours, and the images.

import path from 'node:path';
import { dashboardLog, ensureDashboard } from './dashboard/ensure-dashboard.ts';
import { readGivenImages } from './existing-cluster.ts';
import { checkMachine } from './host/check-machine.ts';
import { installPackages, missingPackages } from './host/debian-packages.ts';
import { exists } from './host/files.ts';
import { type BuiltImages, buildImages, hasArchives, IMAGES_DIR } from './images/build-images.ts';
import { listImageNames } from './images/image-plan.ts';
import { logFile, type PlatformPaths } from './platform-paths.ts';
import { ensurePrograms, isSetComplete, programsLog } from './programs/ensure-programs.ts';
import { PROGRAMS } from './programs/program-list.ts';
import type { Progress } from './progress.ts';

export type Prepared = {
  programs: string;
  images: Record<string, string>;
  /** Images that could not be built for want of a file from outside: name → why, and what to do about it. */
  missingImages: Record<string, string>;
  /** Empty where no dashboard was wanted. */
  dashboardFolder: string;
  programsMs: number;
  imagesMs: number;
};
export type PrepareOptions = {
  moreImagesDirs: readonly string[];
  /** The images wanted beyond those that the node itself runs; null for all. */
  wanted: readonly string[] | null;
  /** A bare node serves none. */
  needsDashboard: boolean;
  /** Whether a node of our own is booted; a cluster that is there already, or is made of containers, needs less. */
  needsNode: boolean;
  /** Of the node's own images those that the cluster needs all the same. */
  moreNodeImages: readonly string[];
  /** Ends what is under way. */
  signal?: AbortSignal | undefined;
};

// All that is needed to speak to a cluster of somebody else's.
const CLIENTS = ['kubernetes', 'helm'];
const NODE_IMAGES = ['pause', 'coredns', 'volumes', 'ingress'];
// These take in programs that are built here, so they wait for them; all others are built meanwhile.
const NEED_PROGRAMS = ['coredns', 'volumes', 'ingress'];

export async function prepare(paths: PlatformPaths, progress: Progress, options: PrepareOptions): Promise<Prepared> {
  const { needsNode, needsDashboard, signal } = options;
  const clients = [...CLIENTS, ...options.moreNodeImages];
  const wanted = needsNode ? PROGRAMS : PROGRAMS.filter(({ name }) => clients.includes(name));
  const [hasPrograms, hasImages] = await Promise.all([
    isSetComplete(paths.cache, wanted),
    hasArchives(paths.cache, await imagesOf(options)),
  ]);
  await progress.step('checking the machine', null, () => checkMachine(paths, needsNode, { hasPrograms, hasImages }));
  const missing = await missingPackages({ needsNode, isBuilding: !hasPrograms });
  if (missing.length > 0) {
    const log = logFile(paths, 'debian-packages');
    await progress.step(`installing from Debian: ${missing.join(', ')}`, log, () =>
      installPackages(missing, log, signal),
    );
  }
  const say = (line: string): void => progress.detail(line);
  let programsMs = 0;
  const programs = progress.step('programs', programsLog(paths.cache), async () => {
    const started = Date.now();
    const { folder } = await ensurePrograms({ cacheDir: paths.cache, log: say, programs: wanted, signal });
    programsMs = Date.now() - started;
    return folder;
  });
  const dashboard = needsDashboard
    ? progress.step('dashboard', dashboardLog(paths.cache), () => ensureDashboard(paths.cache))
    : Promise.resolve('');
  // Awaited below; until then its failure must not count as unhandled.
  dashboard.catch(() => undefined);
  const started = Date.now();
  const given = needsNode ? null : await readGivenImages();
  const { images, missing: missingImages } =
    (given === null ? null : { images: given, missing: {} }) ??
    (await progress.step('images', path.join(paths.cache, 'images', 'logs'), () =>
      buildAllImages(paths, programs, options, say),
    ));
  const imagesMs = Math.max(0, Date.now() - started - programsMs);
  return { programs: await programs, images, missingImages, dashboardFolder: await dashboard, programsMs, imagesMs };
}

/** The images to be built; none where the cluster's nodes pull theirs. */
async function imagesOf({ moreImagesDirs, moreNodeImages, wanted, needsNode }: PrepareOptions): Promise<string[]> {
  if (!needsNode && (await readGivenImages()) !== null) return [];
  const all = await listImageNames([IMAGES_DIR, ...moreImagesDirs], { forPods: true });
  return all.filter((name) =>
    NODE_IMAGES.includes(name) ? needsNode || moreNodeImages.includes(name) : wanted === null || wanted.includes(name),
  );
}

async function buildAllImages(
  paths: PlatformPaths,
  programs: Promise<string>,
  options: PrepareOptions,
  log: (line: string) => void,
): Promise<BuiltImages> {
  const { moreImagesDirs, signal } = options;
  const names = await imagesOf(options);
  const shared = { cacheDir: paths.cache, log, moreImagesDirs, signal };
  const [first, second] = await Promise.all([
    buildImages({ ...shared, names: names.filter((name) => !NEED_PROGRAMS.includes(name)) }),
    programs.then((programsDir) =>
      buildImages({ ...shared, programsDir, names: names.filter((name) => NEED_PROGRAMS.includes(name)) }),
    ),
  ]);
  return { images: { ...first.images, ...second.images }, missing: { ...first.missing, ...second.missing } };
}

export async function foldersWithImages(engineFolders: readonly string[]): Promise<string[]> {
  const candidates = engineFolders.map((folder) => path.join(folder, 'images'));
  const present = await Promise.all(candidates.map(exists));
  return candidates.filter((_, index) => present[index] === true);
}
