// A create that fails says why, keeps nothing, and works on a retry once the cause is gone.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { isRefusal } from '@souk/contract';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { awaitPhase, removeStore, requestStore } from '../stores.ts';
import { orderInTestShop } from '../test-shop.ts';
import { until } from '../until.ts';

const run = promisify(execFile);
const LATE_IMAGE = '127.0.0.1:1/late-shop:1';

describe('a create that fails', { skip: whyNoPlatform() }, () => {
  let platform: Platform;
  const made = new Set<string>();
  before(() => {
    platform = connectToPlatform();
  });
  after(async () => {
    await images(platform, 'rm', LATE_IMAGE).catch(() => undefined);
    await Promise.all([...made].map((id) => removeStore(platform.client, id)));
    platform.close();
  });

  it('says why, and a retry makes the store once the cause is gone', async () => {
    const { client } = platform;
    const store = await requestStore(client, 'late', { engine: 'late-shop' });
    made.add(store.id);
    const failed = await until('the store to fail', 90_000, async () => {
      const now = await client.getStore(store.id);
      return now.phase === 'failed' ? now : null;
    });
    assert.equal(failed.error?.step, 'awaitWorkloads');
    const { items } = await client.listStoreEvents(store.id, { limit: 500 });
    assert.ok(items.some(({ type }) => type === 'store.provisioning_failed'));
    const diagnosis = items.filter(({ type }) => type === 'store.diagnosis_recorded');
    assert.match(JSON.stringify(diagnosis), /image|pull/i, 'the timeline does not say that the image is missing');

    const built = JSON.parse(readFileSync(path.join(platform.home, 'images.json'), 'utf8')) as Record<string, string>;
    await images(platform, 'tag', built['test-shop'] ?? '', LATE_IMAGE);
    await client.retryStore(store.id);
    const ready = await awaitPhaseAfterFailure(store.id);
    await orderInTestShop(platform, ready);
    await assert.rejects(client.retryStore(store.id), (error) => isRefusal(error, 'not_retryable'));
  });

  async function awaitPhaseAfterFailure(id: string) {
    await until('the retry to begin', 10_000, async () => (await platform.client.getStore(id)).phase !== 'failed');
    return await awaitPhase(platform.client, id, 'ready', 90_000);
  }
});

/** The node's image store. */
async function images({ facts }: Platform, ...args: string[]): Promise<void> {
  const socket = `/run/${facts.netns}/containerd.sock`;
  await run(path.join(facts.programsDir, 'ctr'), ['--address', socket, '--namespace', 'k8s.io', 'images', ...args]);
}
