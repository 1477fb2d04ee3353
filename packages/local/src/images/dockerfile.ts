// Reads from a Dockerfile what decides in which order and from what an image is built: other images of this repository
// (`souk.local/<name>`), the base image, and what comes from outside its folder: programs (`COPY --from=programs`) and released
// files (`COPY --from=archives`).
// Only FROM, COPY and RUN --mount are looked at; everything else is the builder's business.

export const LOCAL_PREFIX = 'souk.local/';
export const BASE_IMAGE = 'debian:trixie-slim';
export const PROGRAMS_CONTEXT = 'programs';
export const ARCHIVES_CONTEXT = 'archives';
const BUILD_ONLY_LABEL = /^LABEL\s+dev\.souk\.build-only=true$/i;

export type DockerfileNeeds = {
  /** Names of images of this repository, sorted. */
  images: string[];
  /** Files and folders of the build context `programs`, sorted. */
  programs: string[];
  /** Files of the build context `archives`, sorted. */
  archives: string[];
  isOnBaseImage: boolean;
};

const LOCAL_REFERENCE = /(?<=^\s*FROM\s(?:.*\s)?|from=)souk\.local\/([a-z0-9]+(?:-[a-z0-9]+)*)(?=[\s,]|$)/gi;

export function readNeeds(dockerfile: string): DockerfileNeeds {
  const images = new Set<string>();
  const copied = { [PROGRAMS_CONTEXT]: new Set<string>(), [ARCHIVES_CONTEXT]: new Set<string>() };
  let isOnBaseImage = false;
  for (const line of logicalLines(dockerfile)) {
    for (const match of line.matchAll(LOCAL_REFERENCE)) images.add(match[1] ?? '');
    const words = line.split(/\s+/);
    const instruction = words[0]?.toUpperCase();
    if (instruction === 'FROM' && words.includes(BASE_IMAGE)) isOnBaseImage = true;
    for (const [context, names] of Object.entries(copied)) {
      if (instruction !== 'COPY' || !words.includes(`--from=${context}`)) continue;
      const paths = words.slice(1).filter((word) => !word.startsWith('--'));
      for (const source of paths.slice(0, -1)) names.add(source);
    }
  }
  const [programs, archives] = [copied[PROGRAMS_CONTEXT], copied[ARCHIVES_CONTEXT]].map((names) => [...names].sort());
  return { images: [...images].sort(), programs: programs ?? [], archives: archives ?? [], isOnBaseImage };
}

/** Whether only other images are made from it: no pod ever starts it, so no node needs it. */
export function isForBuildsOnly(dockerfile: string): boolean {
  return logicalLines(dockerfile).some((line) => BUILD_ONLY_LABEL.test(line));
}

/** Replaces every reference to another image by the one to build from, so that a build never meets a moving tag. */
export function pinReferences(dockerfile: string, resolve: (name: string) => string, base = BASE_IMAGE): string {
  return dockerfile
    .split('\n')
    .map((line) => (line.trimStart().startsWith('#') ? line : pinLine(line, resolve, base)))
    .join('\n');
}

function pinLine(line: string, resolve: (name: string) => string, base: string): string {
  const pinned = line.replace(LOCAL_REFERENCE, (_whole, name: string) => resolve(name));
  return /^\s*FROM\s/i.test(pinned) ? pinned.replace(BASE_IMAGE, base) : pinned;
}

function logicalLines(dockerfile: string): string[] {
  return dockerfile
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replace(/\\\s*\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
