// The one checker of the crash tests: rows, namespaces, Helm's records, volumes and their folders, routes and events of the whole
// platform must say the same. Each thing that does not fit is one line.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import type { Event, Store } from '@souk/contract';
import type { Platform } from '../platform.ts';
import { namespaceOf } from '../stores.ts';
import { hostOfId } from '../traces.ts';
import { until } from '../until.ts';

interface Listed {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly claimRef?: { readonly namespace?: string } };
}

// Each look starts three kubectls.
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
  const [stores, namespaces, volumes, records, folders] = await Promise.all([
    listStores(platform),
    list('namespaces', '-l', 'souk.dev/store'),
    list('persistentvolumes'),
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
    const own = records.filter(({ metadata }) => metadata.namespace === namespaceOf(store));
    problems.push(...(await checkStore(platform, store, { isThere: there.has(namespaceOf(store)), records: own })));
  }
  return problems;
}

async function listStores(platform: Platform): Promise<readonly Store[]> {
  const stores: Store[] = [];
  for await (const store of platform.client.eachStore()) stores.push(store);
  return stores;
}

async function checkStore(
  platform: Platform,
  store: Store,
  { isThere, records }: { readonly isThere: boolean; readonly records: readonly Listed[] },
): Promise<string[]> {
  const { items: jobs } = { items: await platform.client.listStoreJobs(store.id) };
  const live = jobs.filter(({ state }) => state === 'available' || state === 'running' || state === 'waiting');
  const problems = live.map(({ id, state }) => `${store.name}: job ${id} is still ${state}`);
  if (store.phase === 'ready') {
    const states = records.map(({ metadata }) => metadata.labels?.status ?? '');
    const deployed = states.filter((status) => status === 'deployed').length;
    const odd = states.filter((status) => status !== 'deployed' && status !== 'superseded');
    const { status } = await platform.shop(store, '/', { headers: { host: hostOfId(platform, store) } });
    problems.push(
      ...(isThere ? [] : [`${store.name}: ready without a namespace`]),
      ...(deployed === 1 && odd.length === 0 ? [] : [`${store.name}: Helm's records say ${states.join(', ')}`]),
      ...(status < 400 ? [] : [`${store.name}: its route answers ${status}`]),
      ...(store.error === null ? [] : [`${store.name}: shows ${store.error.code}`]),
    );
  } else if (store.phase === 'failed') {
    problems.push(...(isThere ? [`${store.name}: failed, and its namespace is still there`] : []));
  } else {
    problems.push(`${store.name}: came to rest as ${store.phase}`);
  }
  return [...problems, ...(await checkTimeline(platform, store))];
}

/** What must be told exactly once, and in which order. Works for a deleted store as well. */
export async function checkTimeline(platform: Platform, store: Store): Promise<string[]> {
  const { items } = await platform.client.listStoreEvents(store.id, { limit: 500 });
  const count = (type: Event['type']): number => items.filter((event) => event.type === type).length;
  const problems: string[] = [];
  const wishes = 1 + count('store.retry_requested') + count('store.repair_started');
  const expectAtMost = (type: Event['type'], most: number): void => {
    if (count(type) > most) problems.push(`${store.name}: ${type} is told ${count(type)} times`);
  };
  expectAtMost('store.requested', 1);
  expectAtMost('store.ready', wishes);
  expectAtMost('store.provisioning_failed', wishes);
  expectAtMost('store.deletion_requested', 1);
  expectAtMost('store.deleted', 1);
  const deletedAt = items.findIndex(({ type }) => type === 'store.deleted');
  const late =
    deletedAt === -1 ? [] : items.slice(deletedAt + 1).filter(({ type }) => !type.startsWith('store.orphan'));
  problems.push(...late.map(({ type }) => `${store.name}: ${type} is told after the deletion`));
  if (store.phase === 'ready' && count('store.ready') === 0)
    problems.push(`${store.name}: never told that it is ready`);
  if (store.phase === 'deleted' && count('store.deleted') === 0) problems.push(`${store.name}: never told as deleted`);
  return problems;
}
