// Fetches official releases, each checked by its digest and by what it says of itself before it counts. Nothing here is
// fatal: whatever is not there afterwards is built.

import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { appendFile, chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { get as getPlain, type IncomingMessage, Agent as PlainAgent } from 'node:http';
import { get as getSecure, Agent as SecureAgent } from 'node:https';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { run } from '../host/run.ts';
import { messageOf } from '../platform-error.ts';
import type { Download } from './downloads.ts';

export type Limits = {
  /** Until a site has begun to answer; a closed network costs this once. */
  answersWithinMs: number;
  /** Longest silence in the middle of a file. */
  silentMs: number;
  wholeMs: number;
};
const LIMITS: Limits = { answersWithinMs: 4_000, silentMs: 5_000, wholeMs: 180_000 };
const MOST_REDIRECTS = 5;

export type Downloading = {
  /** Where the programs go, under their names. */
  folder: string;
  log: (line: string) => void;
  logFile: string;
  signal?: AbortSignal | undefined;
  limits?: Limits;
};

/** The site gave no answer, or stopped in the middle of one. */
class UnreachableError extends Error {}

/** Gives the names of those that are in the folder now. Sites are asked side by side, and one that fails is asked no more. */
export async function downloadPrograms(
  downloads: ReadonlyMap<string, Download>,
  downloading: Downloading,
): Promise<Set<string>> {
  const bySite = Map.groupBy(downloads, ([, { url }]) => new URL(url).host);
  const fetched = new Set<string>();
  const note = async (line: string): Promise<void> => {
    downloading.log(line);
    await appendFile(downloading.logFile, `\n${new Date().toISOString()} ${line}\n`);
  };
  const askSite = async (site: string, wanted: readonly [string, Download][]): Promise<void> => {
    for (const [name, download] of wanted) {
      downloading.signal?.throwIfAborted();
      try {
        await fetchProgram(name, download, downloading);
        fetched.add(name);
        await note(`downloaded ${name} ${download.version}`);
      } catch (error) {
        downloading.signal?.throwIfAborted();
        await note(`${name} was not downloaded and will be built: ${messageOf(error)}`);
        if (error instanceof UnreachableError) {
          await note(`${site} is not asked again`);
          return;
        }
      }
    }
  };
  await mkdir(path.dirname(downloading.logFile), { recursive: true });
  await Promise.all([...bySite].map(([site, wanted]) => askSite(site, wanted)));
  return fetched;
}

async function fetchProgram(
  name: string,
  { version, url, member, sha256, versionArguments }: Download,
  { folder, signal, limits = LIMITS }: Downloading,
): Promise<void> {
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const forArch = (text: string): string => text.replaceAll('{arch}', arch);
  const work = await mkdtemp(path.join(folder, '.download-'));
  try {
    const file = path.join(work, 'file');
    const digest = await fetchFile(forArch(url), file, limits, signal);
    if (digest !== sha256[arch]) {
      throw new Error(
        `WRONG DIGEST: ${forArch(url)} has SHA-256 ${digest} and should have ${sha256[arch]}; somebody has changed it on the way or at its place`,
      );
    }
    if (member !== undefined) await run(['tar', '-xzf', file, '-C', work, forArch(member)]);
    const program = member === undefined ? file : path.join(work, forArch(member));
    await chmod(program, 0o755);
    const said = await run([program, ...versionArguments], { timeoutMs: 10_000 });
    if (!said.includes(version.slice(1))) throw new Error(`it says "${said.trim()}" and not ${version}`);
    await rename(program, path.join(folder, name));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Gives the SHA-256 of what was fetched. */
async function fetchFile(url: string, file: string, limits: Limits, signal: AbortSignal | undefined): Promise<string> {
  const tooLong = AbortSignal.timeout(limits.wholeMs);
  const either = signal === undefined ? tooLong : AbortSignal.any([tooLong, signal]);
  const response = await request(url, limits, either, MOST_REDIRECTS);
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  response.setTimeout(limits.silentMs, () => response.destroy(new Error('it went silent')));
  await pipeline(response, hashing, createWriteStream(file), { signal: either }).catch((error: unknown) => {
    throw new UnreachableError(`${url}: ${messageOf(error)}`, { cause: error });
  });
  return hash.digest('hex');
}

async function request(url: string, limits: Limits, signal: AbortSignal, redirects: number): Promise<IncomingMessage> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const isSecure = url.startsWith('https:');
    // The agents know of HTTPS_PROXY and its like.
    const agent = isSecure ? new SecureAgent({ proxyEnv: process.env }) : new PlainAgent({ proxyEnv: process.env });
    const sent = (isSecure ? getSecure : getPlain)(url, { agent, signal });
    const patience = setTimeout(() => sent.destroy(new Error('no answer in time')), limits.answersWithinMs);
    sent.once('response', resolve);
    sent.once('error', (error) => reject(new UnreachableError(`${url}: ${error.message}`, { cause: error })));
    sent.once('close', () => clearTimeout(patience));
    sent.once('response', () => clearTimeout(patience));
  });
  const { statusCode = 0, headers } = response;
  if (statusCode === 200) return response;
  response.resume();
  if (statusCode < 300 || statusCode >= 400 || headers.location === undefined) {
    throw new Error(`${url} answered ${statusCode}`);
  }
  if (redirects === 0) throw new Error(`${url} leads in a circle`);
  return await request(new URL(headers.location, url).href, limits, signal, redirects - 1);
}
