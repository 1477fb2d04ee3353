// Files that an image takes in and that neither this repository nor a package registry of a language holds: released plugins,
// packages of a newer Debian. `archives.json` beside a Dockerfile pins each by version and SHA-256; the files lie in
// `$SOUK_CACHE/archives`, downloaded, or put there by hand. One that cannot be had makes its image unavailable, with the
// reason, and nothing else.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { debianAddresses, readDebianMirror } from '../host/debian-mirror.ts';
import { readZipEntry } from './zip-entry.ts';

const ARCHIVES_FILE = 'archives.json';
const DOWNLOAD_WITHIN_MS = 120_000;

export type Archive = {
  /** The file's name in the build context `archives`. */
  name: string;
  title: string;
  version: string;
  /** Null where it is not known: then nothing is downloaded, and the digest of what lies in the cache is recorded instead. */
  sha256: string | null;
  /** The file's name in `$SOUK_CACHE/archives`. */
  cachedAs: string;
  /** Where to get it. */
  urls?: readonly string[];
  /** Of Debian instead: the file in the archive of this machine's mirror, and a moment at which Debian had it. */
  debian?: string;
  snapshot?: string;
  /** In a zip file: the entry whose line `Version: …` must name the version. */
  versionIn?: string;
};

/** What an image takes in: which archive, and what its bytes are or must be. */
export type PinnedArchive = { archive: Archive; sha256: string };

/** An archive that cannot be had; the message says what to do about it. */
export class ArchiveMissing extends Error {}

/** The archives of an image by the names that its Dockerfile copies. Looks only into the cache. */
export async function pinArchives(
  folder: string,
  names: readonly string[],
  cacheDir: string,
): Promise<PinnedArchive[]> {
  if (names.length === 0) return [];
  const known = JSON.parse(await readFile(path.join(folder, ARCHIVES_FILE), 'utf8')) as Archive[];
  const pinned: PinnedArchive[] = [];
  for (const name of names) {
    const archive = known.find((candidate) => candidate.name === name);
    if (archive === undefined) throw new Error(`${folder}/${ARCHIVES_FILE} does not know the archive ${name}`);
    pinned.push({ archive, sha256: archive.sha256 ?? (await digestOfGiven(archive, cacheDir)) });
  }
  return pinned;
}

/** Gives the files for a build, downloading what is missing; each is what was pinned, to the byte. */
export async function obtainArchives(
  pinned: readonly PinnedArchive[],
  cacheDir: string,
  log: (line: string) => void,
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const { archive, sha256 } of pinned) {
    const file = cachedFile(archive, cacheDir);
    if ((await digestOf(file)) !== sha256) await download(archive, sha256, file, log);
    log(`archive ${archive.title} ${archive.version}: ${file}, sha256 ${sha256}`);
    files.set(archive.name, file);
  }
  return files;
}

/** Labels that tell of an image what went into it. */
export function archiveLabels(pinned: readonly PinnedArchive[]): Record<string, string> {
  return Object.fromEntries(
    pinned.map(({ archive, sha256 }) => [`dev.souk.archive.${archive.name}`, `${archive.version}@sha256:${sha256}`]),
  );
}

function cachedFile(archive: Archive, cacheDir: string): string {
  return path.join(cacheDir, 'archives', archive.cachedAs);
}

async function digestOfGiven(archive: Archive, cacheDir: string): Promise<string> {
  const { title, version, versionIn } = archive;
  const file = cachedFile(archive, cacheDir);
  const sha256 = await digestOf(file);
  if (sha256 === null) {
    throw new ArchiveMissing(
      `${title} ${version} is in no package registry and the digest of its official download is not known here: download ${archive.urls?.[0]} yourself, save it as ${file}, then run "souk down" and "souk up"`,
    );
  }
  if (versionIn !== undefined) {
    const found = /^[\s*]*Version:\s*(\S+)/m.exec((await readZipEntry(file, versionIn)) ?? '')?.[1];
    if (found !== version) {
      throw new ArchiveMissing(
        `${file} is not ${title} ${version}: its ${versionIn} names ${found === undefined ? 'no version' : `version ${found}`}; put the archive of ${version} in its place`,
      );
    }
  }
  return sha256;
}

async function digestOf(file: string): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file), hash);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  return hash.digest('hex');
}

async function download(archive: Archive, sha256: string, file: string, log: (line: string) => void): Promise<void> {
  const { title, version } = archive;
  const complaints: string[] = [];
  for (const url of await addressesOf(archive)) {
    log(`archive ${title} ${version}: downloading ${url}`);
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_WITHIN_MS) });
      if (!answer.ok) throw new Error(`it answered ${answer.status}`);
      const bytes = Buffer.from(await answer.arrayBuffer());
      const found = createHash('sha256').update(bytes).digest('hex');
      if (found !== sha256) throw new Error(`its sha256 is ${found}`);
      await mkdir(path.dirname(file), { recursive: true });
      const half = `${file}.${process.pid}.tmp`;
      try {
        await writeFile(half, bytes);
        await rename(half, file);
      } finally {
        await rm(half, { force: true });
      }
      return;
    } catch (error) {
      complaints.push(`${url}: ${describe(error)}`);
    }
  }
  throw new ArchiveMissing(
    `${title} ${version} could not be downloaded (${complaints.join('; ')}); save it as ${file} (sha256 ${sha256}), then run "souk down" and "souk up"`,
  );
}

async function addressesOf({ urls = [], debian, snapshot }: Archive): Promise<readonly string[]> {
  if (debian === undefined || snapshot === undefined) return urls;
  return [...debianAddresses(await readDebianMirror(), debian, snapshot), ...urls];
}

function describe(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}, ${cause.message}` : message;
}
