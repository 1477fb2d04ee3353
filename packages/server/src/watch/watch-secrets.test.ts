import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as delay, setImmediate as nextTick } from 'node:timers/promises';
import { waitUntil } from '../db/wait-until.ts';
import { newId, storeNamespace } from '../ids.ts';
import { createMetrics } from '../metrics.ts';
import { makeLivingStore, readDrifts, readHealth, useWatchedCluster } from './test-watched-stores.ts';
import { createSecretWatches, MOST_WATCHED } from './watch-secrets.ts';

const EDITED = { data: { password: Buffer.from('other').toString('base64') } };
const NO_SWEEP_MS = 600_000;

describe('the watches on Secrets', () => {
  const cluster = useWatchedCluster();

  /** A healthy store whose Secrets were inspected by the first sweep and with the beginning of the watch. */
  async function watchOne(t: TestContext): Promise<string> {
    const inspected = t.mock.method(cluster.kube, 'listMetadata');
    const id = await makeLivingStore(cluster.db, cluster.kube);
    await cluster.watch({ sweepIntervalMs: NO_SWEEP_MS });
    await waitUntil('health', async () => (await readHealth(cluster.db, id))?.health === 'healthy');
    await waitUntil('two inspections', () => inspected.mock.callCount() >= 2);
    return id;
  }

  const edit = (id: string): void =>
    cluster.kube.put('Secret', { name: 'store-admin', namespace: storeNamespace(id) }, EDITED);
  const untilTold = (id: string): Promise<unknown> =>
    waitUntil('it was told', async () => (await readDrifts(cluster.db, id)).length > 0, 10_000);

  it('have an edited Secret told without any sweep', async (t) => {
    const id = await watchOne(t);
    edit(id);
    await untilTold(id);
    assert.deepEqual(await readDrifts(cluster.db, id), ['the Secret store-admin was edited']);
  });

  it('have a loss told though an inspection that began before it would end after the one that saw it', async (t) => {
    const id = await watchOne(t);
    const { listMetadata } = cluster.kube;
    const gate = new AbortController();
    let hasListed = false;
    t.mock.method(
      cluster.kube,
      'listMetadata',
      async (...asked: Parameters<typeof listMetadata>) => {
        const listed = await listMetadata(...asked);
        hasListed = true;
        await delay(60_000, undefined, { signal: gate.signal }).catch(() => undefined);
        return listed;
      },
      { times: 1 },
    );
    const namespace = storeNamespace(id);
    const count = (secrets: string): void =>
      cluster.kube.put(
        'ResourceQuota',
        { name: 'plan', namespace },
        { status: { used: { 'count/secrets': secrets } } },
      );
    count('3');
    await waitUntil('an inspection that waits', () => hasListed);
    cluster.kube.remove('Secret', { name: 'sh.helm.release.v1.x.v1', namespace });
    count('2');
    await delay(500);
    gate.abort();
    await untilTold(id);
  });

  it('have the Secrets inspected when one begins anew, for what happened in between', async (t) => {
    const id = await watchOne(t);
    cluster.kube.muteWatches(true);
    edit(id);
    cluster.kube.muteWatches(false);
    cluster.kube.endWatches();
    await untilTold(id);
  });

  it('end when the store is not ready any more, and with the term', async () => {
    const term = new AbortController();
    const told: string[] = [];
    const signals: AbortSignal[] = [];
    const watches = createSecretWatches({
      kube: {
        watchMetadata(kind, start, signal) {
          if (signal !== undefined) signals.push(signal);
          return cluster.kube.watchMetadata(kind, start, signal);
        },
      },
      signal: term.signal,
      onChange: (id) => told.push(id),
      onError: (error) => assert.fail(String(error)),
      metrics: createMetrics('test'),
    });
    const ids = [newId('sto'), newId('sto'), newId('sto')] as const;
    for (const id of [...ids, ...ids]) watches.begin(id);
    await waitUntil('all are begun', () => signals.length === ids.length);
    watches.end(ids[0]);
    watches.endOthers(new Set([ids[2]]));
    assert.deepEqual(
      signals.map(({ aborted }) => aborted),
      [true, true, false],
    );
    term.abort();
    watches.begin(ids[0]);
    await nextTick();
    assert.equal(signals.length, ids.length);
    assert.equal(signals.at(-1)?.aborted, true);
    assert.deepEqual(told, []);
  });

  it('are so many at most, and one that ends makes room for another', async () => {
    const term = new AbortController();
    let begun = 0;
    const watches = createSecretWatches({
      kube: {
        async *watchMetadata(_kind, _start, signal) {
          begun += 1;
          await new Promise((resolve) => signal?.addEventListener('abort', resolve));
        },
      },
      signal: term.signal,
      onChange: assert.fail,
      onError: (error) => assert.fail(String(error)),
      metrics: createMetrics('test'),
    });
    const ids = Array.from({ length: MOST_WATCHED + 1 }, () => newId('sto'));
    for (const id of ids) watches.begin(id);
    assert.equal(begun, MOST_WATCHED);
    watches.end(ids[0] ?? '');
    watches.begin(ids.at(-1) ?? '');
    assert.equal(begun, MOST_WATCHED + 1);
    term.abort();
  });
});
