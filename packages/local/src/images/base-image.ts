// The Debian base under every image, for machines where no registry answers: mmdebstrap makes it from Debian's packages
// and it stands in for `debian:trixie-slim`, so the Dockerfiles stay ordinary.

import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readDebianMirror } from '../host/debian-mirror.ts';
import type { Execute } from './builder.ts';

const SUITE = 'trixie';

// What Debian's own slim image leaves out. The rules stay in the image, so packages installed later keep to them.
const LEFT_OUT = [
  'path-exclude=/usr/share/doc/*',
  'path-include=/usr/share/doc/*/copyright',
  'path-exclude=/usr/share/man/*',
  'path-exclude=/usr/share/info/*',
  'path-exclude=/usr/share/locale/*',
  'path-include=/usr/share/locale/locale.alias',
  'path-exclude=/usr/share/lintian/*',
];

const ARGUMENTS = [
  '--variant=minbase',
  '--aptopt=APT::Install-Recommends "false"',
  '--aptopt=APT::Install-Suggests "false"',
  '--aptopt=Acquire::Languages "none"',
  ...LEFT_OUT.map((rule) => `--dpkgopt=${rule}`),
];

/** Part of every hash above the base. Raise the number to take in Debian's security updates. */
export const BASE_RECIPE = JSON.stringify([1, SUITE, ARGUMENTS]);

/** Writes a folder that a builder can build with `FROM scratch`; the caller removes it. */
export async function makeBaseFolder(folder: string, logFile: string, execute: Execute): Promise<void> {
  const tar = path.join(folder, 'root.tar');
  await rm(tar, { force: true });
  const { archive, security } = await readDebianMirror();
  // As mmdebstrap writes them by itself, so the image's own apt goes where this machine's does.
  const sources = [
    `deb ${archive} ${SUITE} main`,
    `deb ${archive} ${SUITE}-updates main`,
    `deb ${security} ${SUITE}-security main`,
  ];
  await execute(['mmdebstrap', ...ARGUMENTS, SUITE, tar, ...sources], logFile);
  await writeFile(path.join(folder, 'Dockerfile'), 'FROM scratch\nADD root.tar /\nCMD ["bash"]\n');
}
