// Where the files of the build context `programs` come from: Node itself and npm from npm packages, everything else from
// the folder into which the Go programs are built.

import { access, chmod, copyFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { run } from '../host/run.ts';
import { copyFolder, listFolder } from './image-folder.ts';

// Images with npm in them serve only build stages. The version is pinned because it decides what `npm ci` lays out.
export const NPM_VERSION = '11.19.1';

export type ProgramSources = { programsDir: string | undefined; cacheDir: string };

/** Gives the path of each program by its name in the build context; refuses by name what is missing. */
export async function findPrograms(names: readonly string[], sources: ProgramSources): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const name of names) found.set(name, await findProgram(name, sources));
  return found;
}

/** Lays the programs out as the build context that the builders are given. */
export async function layOutPrograms(programs: ReadonlyMap<string, string>, target: string): Promise<void> {
  for (const [name, source] of programs) {
    const to = path.join(target, name);
    if ((await stat(source)).isDirectory()) {
      await copyFolder(source, await listFolder(source), to);
      continue;
    }
    await copyFile(source, to);
    await chmod(to, 0o755);
  }
}

async function findProgram(name: string, sources: ProgramSources): Promise<string> {
  if (name === 'node') return findNode();
  if (name === 'npm') return await fetchNpm(sources.cacheDir);
  if (sources.programsDir === undefined)
    throw new Error(`the program ${name} is needed, but no programs folder was given`);
  const file = path.join(sources.programsDir, name);
  await access(file).catch(() => {
    throw new Error(`the program ${name} is not in ${sources.programsDir}; build the programs first`);
  });
  return file;
}

// The tool runs on the very Node that the images are to have.
function findNode(): string {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 24)
    throw new Error(
      `images need Node 24, but this is Node ${process.versions.node}; start with node_modules/.bin/node`,
    );
  return process.execPath;
}

async function fetchNpm(cacheDir: string): Promise<string> {
  const target = path.join(cacheDir, 'images', `npm-${NPM_VERSION}`);
  const isThere = await access(target).then(
    () => true,
    () => false,
  );
  if (isThere) return target;
  const half = `${target}.${process.pid}.tmp`;
  await mkdir(half, { recursive: true });
  try {
    const packed = await run(['npm', 'pack', `npm@${NPM_VERSION}`, '--silent', '--pack-destination', half], {
      remedy: 'see that the npm registry can be reached, then run this again',
    });
    await run(['tar', '-xzf', path.join(half, packed.trim()), '-C', half]);
    await rename(path.join(half, 'package'), target).catch(async (error: NodeJS.ErrnoException) => {
      // Another build was first; its copy is the same.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(half, { recursive: true, force: true });
  }
  return target;
}
