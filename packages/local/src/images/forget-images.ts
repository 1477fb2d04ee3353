// Takes images out of the node that nobody will ask for again. No registry could give one back, so whatever the cluster still
// names stays, as do those of this start and of the one before it, to which a person may want to return.

import path from 'node:path';
import { readIfPresent, writeFileAtomically } from '../host/files.ts';
import { run } from '../host/run.ts';
import { LOCAL_PREFIX } from './dockerfile.ts';

export type ForgetImagesOptions = {
  /** The references of this start. */
  references: readonly string[];
  /** Remembers the references of the last starts. */
  generationsFile: string;
  ctr: readonly string[];
  kubectl: readonly string[];
  log: (line: string) => void;
};

const KEPT_GENERATIONS = 2;
/** Whatever makes pods, also those that are asleep. */
const WORKLOADS = 'pods,deployments,statefulsets,daemonsets,replicasets,jobs,cronjobs';
const LOCAL_REFERENCE = /souk\.local\/[a-z0-9-]+:[0-9a-f]+/g;

type Present = { reference: string; digest: string };

export async function forgetOldImages(options: ForgetImagesOptions): Promise<void> {
  const { ctr, kubectl, log } = options;
  const generations = await remember(options);
  const used = await run([...kubectl, 'get', WORKLOADS, '--all-namespaces', '--output=json']);
  const kept = new Set([...generations.flat(), ...(used.match(LOCAL_REFERENCE) ?? [])]);
  const images = [...ctr, '--namespace', 'k8s.io', 'images'];
  const present = parseList(await run([...images, 'ls']));
  const isLocal = ({ reference }: Present): boolean => reference.startsWith(LOCAL_PREFIX);
  const forgotten = present.filter((one) => isLocal(one) && !kept.has(one.reference));
  if (forgotten.length === 0) return;
  // The runtime knows each image by its id as well, and that name alone would keep its layers on the disk.
  const stillNamed = new Set(
    present.filter((one) => isLocal(one) && kept.has(one.reference)).map(({ digest }) => digest),
  );
  const gone = new Set(forgotten.map(({ digest }) => digest).filter((digest) => !stillNamed.has(digest)));
  const ids = present.filter(({ reference, digest }) => reference.startsWith('sha256:') && gone.has(digest));
  await run([...images, 'rm', ...[...forgotten, ...ids].map(({ reference }) => reference)]);
  log(`images taken out of the node: ${forgotten.map(({ reference }) => reference).join(', ')}`);
}

/** Gives the references of the last different starts, this one among them. */
async function remember({ references, generationsFile }: ForgetImagesOptions): Promise<string[][]> {
  const known = JSON.parse((await readIfPresent(generationsFile)) ?? '[]') as string[][];
  const now = [...references].sort();
  const others = known.filter((one) => one.join() !== now.join());
  const generations = [...others, now].slice(-KEPT_GENERATIONS);
  await writeFileAtomically(generationsFile, `${JSON.stringify(generations)}\n`);
  return generations;
}

/** "REF TYPE DIGEST SIZE …" below a line of headings. */
function parseList(text: string): Present[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/))
    .flatMap(([reference, , digest]) => (reference && digest ? [{ reference, digest }] : []));
}

export function generationsFile(configFolder: string): string {
  return path.join(configFolder, 'image-generations.json');
}
