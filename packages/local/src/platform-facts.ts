// platform.json: what other processes and tests need to know of a platform, written when it answers.

import { readFile } from 'node:fs/promises';
import { writeFileAtomically } from './host/files.ts';
import type { PlatformPaths } from './platform-paths.ts';

export type PlatformFacts = {
  version: 1;
  port: number;
  baseDomain: string;
  apiPort: number;
  apiUrl: string;
  ingressUrl: string;
  edgeUrl: string;
  databaseUrlFile: string;
  tokenFile: string;
  kubeconfig: string;
  netns: string;
  nodeIp: string;
  volumesDir: string;
  programsDir: string;
};

export async function writePlatformFacts(paths: PlatformPaths, facts: PlatformFacts): Promise<void> {
  await writeFileAtomically(paths.facts, `${JSON.stringify(facts, null, 2)}\n`);
}

/** Null when no platform was ever up in this home. */
export async function readPlatformFacts(paths: PlatformPaths): Promise<PlatformFacts | null> {
  const text = await readFile(paths.facts, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return text === null ? null : (JSON.parse(text) as PlatformFacts);
}
