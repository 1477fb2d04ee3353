// Secrets stay where they belong: a canary in every field that takes a secret, and every secret that Souk makes by itself, are looked
// for everywhere else once stores have been made, have failed, were looked at and deleted. A search that finds nothing even where the
// canary must be would prove nothing, so that is tried first; and in each place the store's own name must be found.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Store } from '@souk/contract';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { awaitPhase, freshName, namespaceOf, removeStore, requestStore, TEST_ENGINE } from '../stores.ts';
import { until } from '../until.ts';
import { readPlatformSecrets, readStoreSecrets } from './known-secrets.ts';
import { findLargestEngine, LARGEST_WITHIN_MS } from './largest-engine.ts';
import { type ProcessSampler, sampleProcesses } from './sample-processes.ts';
import { type Canary, makeSearch } from './search.ts';
import * as places from './search-places.ts';

const FAILED_WITHIN_MS = 120_000;

describe('secrets', { skip: whyNoPlatform() }, () => {
  let platform: Platform;
  let sampler: ProcessSampler;
  let kept: Store;
  const canaries: Canary[] = [];
  const answers: string[] = [];
  const stores: Store[] = [];
  const search = (text: string | Buffer): string[] => makeSearch(canaries)(text);

  const withCanary = (what: string): { adminPassword: string } => {
    const value = `canary-${randomBytes(12).toString('hex')}`;
    canaries.push({ what, value });
    return { adminPassword: value };
  };

  before(
    async () => {
      platform = connectToPlatform();
      const { client } = platform;
      canaries.push(...(await readPlatformSecrets(platform)));
      sampler = sampleProcesses(platform);
      const make = async (password: string, engine: string = TEST_ENGINE): Promise<Store> => {
        const store = await requestStore(client, 'canary', { engine, ...withCanary(password) });
        stores.push(store);
        return store;
      };
      kept = await make('the admin password of a store');
      const gone = await make('the admin password of a deleted store');
      const largest = await make('the admin password of a store of many parts', await findLargestEngine(platform));
      const failed = await make('the admin password of a failed store', 'late-shop');
      await refuseCanaries();
      await awaitPhase(client, kept.id, 'ready', LARGEST_WITHIN_MS);
      await awaitPhase(client, gone.id, 'ready', LARGEST_WITHIN_MS);
      await awaitPhase(client, largest.id, 'ready', LARGEST_WITHIN_MS);
      await until('the store to fail', FAILED_WITHIN_MS, async () => {
        return (await client.getStore(failed.id)).phase === 'failed';
      });
      for (const store of stores) canaries.push(...(await readStoreSecrets(platform, namespaceOf(store))));
      await client.revealCredentials(kept.id);
      await removeStore(client, gone.id);
      await sampler.stop();
    },
    { timeout: LARGEST_WITHIN_MS + FAILED_WITHIN_MS },
  );
  after(
    async () => {
      await sampler?.stop();
      await Promise.all(stores.map(({ id }) => removeStore(platform.client, id)));
      platform.close();
    },
    { timeout: 180_000 },
  );

  /** What the API refuses it also answers; the wrong password must not be in there. */
  async function refuseCanaries(): Promise<void> {
    const post = async (body: object, headers: Record<string, string> = {}): Promise<void> => {
      const answer = await platform.send('/api/v1/stores', {
        method: 'POST',
        headers: { authorization: `Bearer ${platform.token}`, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
      assert.ok(answer.status >= 400, `${answer.status} ${answer.text}`);
      answers.push(answer.text, JSON.stringify(answer.headers));
    };
    const engine = TEST_ENGINE;
    const name = freshName('never');
    const { adminPassword } = withCanary('an admin password that was refused');
    await post({ name, engine, adminPassword: `${adminPassword}\u0007` });
    await post({ name, engine, adminPassword: adminPassword.repeat(10) });
    await post({ name: kept.name, engine, adminPassword });
    await post({ name: 'Not A Name', engine, adminPassword });
    await post({ name, engine, password: adminPassword });
    await post({ name, engine, adminPassword: [adminPassword] });
    await post({ name, engine }, { authorization: `Bearer ${adminPassword}` });
  }

  it('are found where they must be: in the Secret of their store, and in no other object', async (context) => {
    const objects = await places.listAllObjects(platform);
    const hits = objects.filter(({ text }) => search(text).length > 0).map(({ name }) => name);
    const own = stores.map((store) => `Secret ${namespaceOf(store)}/store-`);
    assert.ok(
      hits.includes(`Secret ${namespaceOf(kept)}/store-admin`),
      'the search does not even find the Secret itself',
    );
    assert.deepEqual(
      hits.filter((hit) => !own.some((prefix) => hit.startsWith(prefix))),
      [],
    );
    context.diagnostic(
      `${canaries.length} secrets, each in 5 spellings; ${objects.length} objects of the cluster searched`,
    );
  });

  const nowhere = (where: string, look: () => Promise<readonly places.Place[]>): void => {
    it(`are not in ${where}`, { timeout: 120_000 }, async (context) => {
      const found = await look();
      assert.ok(found.length > 0, 'there was nothing to search');
      // What everybody may know of the store must be found in each place by the same search, or it would find no secret either.
      const known = [kept.id, kept.name, namespaceOf(kept)].map((value) => ({ what: value, value }));
      const isKnown = makeSearch(known);
      assert.ok(
        found.some(({ name, text }) => isKnown(text).length > 0 || isKnown(name).length > 0),
        `not even the store's own name is found in ${where}`,
      );
      const hits = found.flatMap(({ name, text }) => search(text).map((what) => `${what}, in ${name}`));
      assert.deepEqual(hits, []);
      const size = found.reduce((sum, { text }) => sum + text.length, 0);
      context.diagnostic(`0 hits in ${where}: ${found.length} searched, ${Math.ceil(size / 1024)} KiB`);
    });
  };

  nowhere('the logs of the platform and of the node', () => places.readLogs(platform));
  nowhere('the logs of pods', () => places.readPodLogs(platform));
  nowhere('answers of the API', async () => [
    ...answers.map((text) => ({ name: 'a refusal', text })),
    ...(await places.readApiAnswers(platform, stores)),
  ]);
  nowhere('the stream of events', () => places.readEventStream(platform));
  nowhere('the releases that Helm keeps', () => places.readHelmReleases(platform));
  nowhere('metrics', () => places.readMetrics(platform));
  nowhere('a dump of all text of the database', () => places.dumpDatabase(platform));
  nowhere('the files of the database, etcd and the configuration', () => places.readStateFiles(platform));
  nowhere(
    'the arguments of any process, and the environment of any outside of pods, while stores were made',
    async () => {
      assert.ok(sampler.rounds() > 20, `${sampler.rounds()} looks are too few`);
      assert.ok(
        sampler.texts().some(({ text }) => /helm.*upgrade/s.test(String(text))),
        'no installation was seen',
      );
      return sampler.texts();
    },
  );
});
