// How this machine reaches Debian, for the images that are made from Debian's packages: the mirror that its own apt uses, and
// apt's proxies.

import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { tryRun } from './run.ts';

export type DebianMirror = { archive: string; security: string };

const DEFAULT: DebianMirror = {
  archive: 'http://deb.debian.org/debian',
  security: 'http://deb.debian.org/debian-security',
};

// What a mirror has dropped is kept here, as it was at a given moment.
const SNAPSHOTS = 'https://snapshot.debian.org/archive/debian';

/** Where the file of Debian's archive at `file` is looked for, in order; `snapshot` is a moment at which Debian had it. */
export function debianAddresses(mirror: DebianMirror, file: string, snapshot: string): string[] {
  const archives = [mirror.archive, DEFAULT.archive, `${SNAPSHOTS}/${snapshot}`];
  return [...new Set(archives)].map((archive) => `${archive}/${file}`);
}

type Source = { uri: string; suite: string };

/** Debian's own addresses unless this is a Debian that uses others. `etc` stands for /etc in tests. */
export async function readDebianMirror(etc = '/etc'): Promise<DebianMirror> {
  const release = await readFile(path.join(etc, 'os-release'), 'utf8').catch(() => '');
  const suite = /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1];
  if (!/^ID=debian$/m.test(release) || suite === undefined) return DEFAULT;
  const sources = await readSources(path.join(etc, 'apt'));
  // A password in an address would stay in the image, so such a mirror is left alone.
  const find = (name: string): string | undefined =>
    sources.find((source) => source.suite === name && /^https?:/.test(source.uri) && !source.uri.includes('@'))?.uri;
  return {
    archive: find(suite) ?? DEFAULT.archive,
    security: find(`${suite}-security`) ?? DEFAULT.security,
  };
}

export type AptProxy = { key: string; variable: string; url: string };

/** What this machine's apt goes through: its own settings, and the variable that says the same to one program. */
export async function readAptProxies(): Promise<AptProxy[]> {
  const found: AptProxy[] = [];
  for (const scheme of ['http', 'https']) {
    const key = `Acquire::${scheme}::Proxy`;
    const dump = await tryRun(['apt-config', 'dump', key]).catch(() => null);
    const url = new RegExp(`^${key} "(http[^"]+)";`, 'm').exec(dump?.stdout ?? '')?.[1];
    if (url !== undefined) found.push({ key, variable: `${scheme}_proxy`, url });
  }
  return found;
}

async function readSources(folder: string): Promise<Source[]> {
  const parts = (await readdir(path.join(folder, 'sources.list.d')).catch(() => [])).sort();
  const files = [path.join(folder, 'sources.list'), ...parts.map((name) => path.join(folder, 'sources.list.d', name))];
  const found: Source[] = [];
  for (const file of files) {
    const text = (await readFile(file, 'utf8').catch(() => '')).replace(/^\s*#.*$/gm, '');
    found.push(...(file.endsWith('.sources') ? parseStanzas(text) : parseLines(text)));
  }
  return found;
}

/** "deb [options] URI SUITE COMPONENT…" */
function parseLines(text: string): Source[] {
  return [...text.matchAll(/^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/gm)].map(([, uri = '', suite = '']) => ({
    uri: withoutSlash(uri),
    suite,
  }));
}

function parseStanzas(text: string): Source[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name: string): string[] =>
      (new RegExp(`^${name}:\\s*(.+)$`, 'im').exec(stanza)?.[1] ?? '').split(/\s+/).filter((word) => word !== '');
    if (!field('Types').includes('deb') || field('Enabled')[0] === 'no') return [];
    return field('Suites').flatMap((suite) => field('URIs').map((uri) => ({ uri: withoutSlash(uri), suite })));
  });
}

function withoutSlash(uri: string): string {
  return uri.replace(/\/$/, '');
}
