// The one checker of the crash tests: rows, namespaces, Helm's records, volumes and their folders, routes and events of the whole
// platform must say the same. Each thing that does not fit is one line.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import type { Event, Store } from '@souk/contract';
import type { Platform } from '../platform.ts';
import { namespaceOf } from '../stores.ts';
import { hostOfId } from '../traces.ts';
import { until } from '../until.ts';
import { COMMANDS, findTwiceTold } from './told-once.ts';

interface Listed {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly claimRef?: { readonly namespace?: string };
    readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[];
  };
  readonly status?: { readonly phase?: string };
}

// Each look starts four kubectls.
const LOOK_EVERY_MS = 500;

/** Waits until the platform is at rest, and tells what still does not fit when it does not get there. */
export async function awaitRest(platform: Platform, withinMs: number): Promise<void> {
  let problems: string[] = [];
  const look = async () => {
    problems = await checkWorld(platform);
    return problems.length === 0;
  };
  await until('the platform to be at rest', withinMs, look, LOOK_EVERY_MS).catch((cause: unknown) =>
    assert.fail(`${problems.join('\n')}\n${cause}`),
  );
}

export async function checkWorld(platform: Platform): Promise<string[]> {
  const list = async (...args: string[]): Promise<readonly Listed[]> =>
    (JSON.parse(await platform.kubectl('get', ...args, '-o', 'json')) as { items: readonly Listed[] }).items;
  const [stores, namespaces, volumes, pods, records, folders] = await Promise.all([
    listStores(platform),
    list('namespaces', '-l', 'souk.dev/store'),
    list('persistentvolumes'),
    list('pods', '-A', '-l', 'souk.dev/store'),
    list('secrets', '-A', '-l', 'owner=helm'),
    readdir(platform.facts.volumesDir),
  ]);
  const wanted = new Set(stores.map(namespaceOf));
  const problems = [
    ...namespaces
      .filter(({ metadata }) => !wanted.has(metadata.name))
      .map(({ metadata }) => `orphan: ${metadata.name}`),
    ...volumes
      .filter(({ spec }) => !wanted.has(spec?.claimRef?.namespace ?? ''))
      .map(({ metadata }) => `volume of nobody: ${metadata.name}`),
    ...folders
      .filter((folder) => ![...wanted].some((namespace) => folder.includes(namespace)))
      .map((folder) => `folder of nobody: ${folder}`),
    ...records
      .filter(({ metadata }) => !wanted.has(metadata.namespace ?? ''))
      .map(({ metadata }) => `Helm record of nobody: ${metadata.namespace}/${metadata.name}`),
  ];
  const there = new Set(namespaces.map(({ metadata }) => metadata.name));
  for (const store of stores) {
    const namespace = namespaceOf(store);
    const isBound = ({ spec, status }: Listed) => spec?.claimRef?.namespace === namespace && status?.phase === 'Bound';
    const own = {
      isThere: there.has(namespace),
      records: records.filter(({ metadata }) => metadata.namespace === namespace),
      claims: countClaims(pods.filter(({ metadata }) => metadata.namespace === namespace)),
      volumes: volumes.filter(isBound).length,
      folders: folders.filter((folder) => folder.includes(namespace)).length,
    };
    problems.push(...(await checkStore(platform, store, own)));
  }
  return problems;
}

function countClaims(pods: readonly Listed[]): number {
  const mounted = pods
    .flatMap(({ spec }) => spec?.volumes ?? [])
    .flatMap((volume) => volume.persistentVolumeClaim ?? []);
  return new Set(mounted.map(({ claimName }) => claimName)).size;
}

async function listStores(platform: Platform): Promise<readonly Store[]> {
  const stores: Store[] = [];
  for await (const store of platform.client.eachStore()) stores.push(store);
  return stores;
}

interface Found {
  readonly isThere: boolean;
  readonly records: readonly Listed[];
  /** Those that its pods mount. */
  readonly claims: number;
  /** Bound ones. */
  readonly volumes: number;
  readonly folders: number;
}

async function checkStore(platform: Platform, store: Store, found: Found): Promise<string[]> {
  const jobs = await platform.client.listStoreJobs(store.id);
  const live = jobs.filter(({ state }) => state === 'available' || state === 'running' || state === 'waiting');
  const problems = live.map(({ id, state }) => `job ${id} is still ${state}`);
  if (store.phase === 'ready') {
    problems.push(...(await checkReadyStore(platform, store, found)));
  } else if (store.phase === 'failed') {
    problems.push(...(found.isThere ? ['failed, and its namespace is still there'] : []));
  } else {
    problems.push(`came to rest as ${store.phase}`);
  }
  return [...problems.map((problem) => `${store.name}: ${problem}`), ...(await checkTimeline(platform, store))];
}

async function checkReadyStore(
  platform: Platform,
  store: Store,
  { isThere, records, claims, volumes, folders }: Found,
): Promise<string[]> {
  const states = records.map(({ metadata }) => metadata.labels?.status ?? '');
  const deployed = states.filter((status) => status === 'deployed').length;
  const odd = states.filter((status) => status !== 'deployed' && status !== 'superseded');
  const hosts = [new URL(store.storefrontUrl).host, hostOfId(platform, store)];
  const answers = await Promise.all(
    hosts.map(async (host) => ({ host, ...(await platform.shop(store, '/', { headers: { host } })) })),
  );
  return [
    ...(isThere ? [] : ['ready without a namespace']),
    ...(deployed === 1 && odd.length === 0 ? [] : [`Helm's records say ${states.join(', ')}`]),
    ...(claims > 0 ? [] : ['its pods mount no volume']),
    ...(volumes === claims ? [] : [`${volumes} volumes are bound, its pods mount ${claims}`]),
    ...(folders === claims ? [] : [`${folders} folders of volumes are there, its pods mount ${claims}`]),
    ...answers.filter(({ status }) => status >= 400).map(({ host, status }) => `its route ${host} answers ${status}`),
    ...(store.error === null ? [] : [`shows ${store.error.code}`]),
  ];
}

/** What must be told exactly once, and in which order. Works for a deleted store as well. */
export async function checkTimeline(platform: Platform, store: Store): Promise<string[]> {
  const { items } = await platform.client.listStoreEvents(store.id, { limit: 500 });
  const count = (type: Event['type']): number => items.filter((event) => event.type === type).length;
  const problems = findTwiceTold(items).map(({ type, message }) => `${type} is told twice: ${message}`);
  const commands = COMMANDS.reduce((sum, type) => sum + count(type), 0);
  if (commands !== store.generation) problems.push(`${commands} of ${store.generation} commands are told`);
  const deletedAt = items.findIndex(({ type }) => type === 'store.deleted');
  const late =
    deletedAt === -1 ? [] : items.slice(deletedAt + 1).filter(({ type }) => !type.startsWith('store.orphan'));
  problems.push(...late.map(({ type }) => `${type} is told after the deletion`));
  if (store.phase === 'ready' && count('store.ready') === 0) problems.push('never told that it is ready');
  if (store.phase === 'deleted' && count('store.deleted') === 0) problems.push('never told as deleted');
  return problems.map((problem) => `${store.name}: ${problem}`);
}
