import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { BRING_UP_STEPS, TEAR_DOWN_STEPS } from '@souk/contract';
import { sql } from 'kysely';
import { LeaseLostError, TerminalError } from '../errors.ts';
import { armFailpoint, armFailpoints } from '../failpoint.ts';
import { storeNamespace } from '../ids.ts';
import { BRING_UP, TEAR_DOWN } from './reconcile-store.ts';
import type { Step } from './step.ts';
import { createWorld, hashOf, objectsOf, type World } from './test-world.ts';

it('runs the steps that the contract names, in that order', () => {
  const names = (steps: readonly Step[]) => steps.map(({ name }) => name);
  assert.deepEqual(names(BRING_UP), [...BRING_UP_STEPS]);
  assert.deepEqual(names(TEAR_DOWN), [...TEAR_DOWN_STEPS]);
});

describe('reconciling a store', () => {
  let world: World;
  before(async () => {
    world = await createWorld();
  });
  after(() => world.close());
  beforeEach(() => {
    world.setWeather('fine');
    world.setShopProblem(null);
    world.setProvisionTimeout(60_000);
  });

  it('makes a requested store ready, and tells every step', async () => {
    const storeId = await world.insertStore();
    assert.deepEqual(await world.attempt(storeId), { outcome: 'completed' });
    const row = await world.readRow(storeId);
    assert.deepEqual([row.phase, row.observedGeneration, row.errorCode], ['ready', 1, null]);
    const steps = [
      'ensureNamespace',
      'ensureGuardrails',
      'ensureCredentials',
      'installRelease',
      'awaitWorkloads',
      'verifyStorefront',
    ];
    assert.deepEqual(await world.eventTypes(storeId), [
      'store.provisioning_started',
      ...steps.flatMap((step) => [`store.step_started ${step}`, `store.step_completed ${step}`]),
      'store.ready',
    ]);
  });

  it('tells of a worker that fell silent, and who goes on; never after the store is deleted', async () => {
    const storeId = await world.insertStore();
    await world.attempt(storeId, new AbortController(), 'worker-7');
    const { rows } = await sql<{ actor: string; message: string; details: unknown }>`
      select actor, message, details from events where store_id = ${storeId} and type = 'store.worker_lost'`.execute(
      world.db,
    );
    const message = 'worker-7 fell silent in the middle of its work; a worker goes on with it';
    assert.deepEqual(rows, [{ actor: 'a worker', message, details: { worker: 'worker-7' } }]);
    await world.wishDeleted(storeId);
    await world.settle(storeId);
    await world.attempt(storeId, new AbortController(), 'worker-8');
    assert.equal((await world.eventTypes(storeId)).at(-1), 'store.deleted');
  });

  it('holds the namespace to Pod Security restricted and sets every guardrail', async () => {
    const storeId = await world.insertStore({ plan: 'small' });
    await world.settle(storeId);
    const name = storeNamespace(storeId);
    const namespace = await world.kube.get('Namespace', { name });
    for (const mode of ['enforce', 'audit', 'warn']) {
      assert.equal(namespace?.metadata.labels?.[`pod-security.kubernetes.io/${mode}`], 'restricted');
    }
    const objects = objectsOf(world, storeId);
    for (const wanted of [
      'ResourceQuota NAMESPACE/plan',
      'LimitRange NAMESPACE/container',
      'NetworkPolicy NAMESPACE/deny-all',
      'NetworkPolicy NAMESPACE/allow-dns',
      'NetworkPolicy NAMESPACE/allow-own-namespace',
      'NetworkPolicy NAMESPACE/allow-ingress-to-web',
      'NetworkPolicy NAMESPACE/allow-internet',
      'RoleBinding NAMESPACE/souk-worker',
      'RoleBinding NAMESPACE/souk-api',
    ]) {
      assert.ok(objects.includes(wanted), `${wanted} is missing`);
    }
  });

  it('binds its own role first, then sets every guardrail, and only then makes anything else', async () => {
    const storeId = await world.insertStore();
    const namespace = storeNamespace(storeId);
    const made: string[] = [];
    world.kube.onChange((kind, type, { metadata }) => {
      if (type === 'ADDED' && (metadata.namespace ?? metadata.name) === namespace) {
        made.push(kind === 'RoleBinding' ? `${kind} ${metadata.name}` : kind);
      }
    });
    await world.settle(storeId);
    const guardrails = ['ResourceQuota', 'LimitRange', 'NetworkPolicy', 'RoleBinding souk-api'];
    const lastGuardrail = made.findLastIndex((kind) => guardrails.includes(kind));
    assert.deepEqual(made.slice(0, 2), ['Namespace', 'RoleBinding souk-worker']);
    assert.equal(made.filter((kind) => kind === 'NetworkPolicy').length, 5);
    assert.ok(
      made.slice(2, lastGuardrail + 1).every((kind) => guardrails.includes(kind)),
      made.join(),
    );
    assert.ok(made.includes('Secret') && made.includes('Pod'));
  });

  it('puts nothing into a namespace whose quota cannot be applied, and says so', async () => {
    const storeId = await world.insertStore();
    const namespace = storeNamespace(storeId);
    armFailpoint('before-apply-guardrails', async () => {
      throw new TerminalError('quota_refused', 'the quota was refused');
    });
    const error = await world.settle(storeId);
    armFailpoints('');
    assert.ok(error instanceof TerminalError && error.message === 'the quota was refused');
    assert.equal((await world.readRow(storeId)).phase, 'failed');
    assert.deepEqual((await world.kube.list('Pod', { namespace })).items, []);
    assert.ok(!(await world.eventTypes(storeId)).some((type) => type.includes('ensureCredentials')));
  });

  it('takes back its own role where somebody unbound it, also to delete the store', async () => {
    const storeId = await world.insertStore();
    await world.settle(storeId);
    const binding = { namespace: storeNamespace(storeId), name: 'souk-worker' };
    world.kube.remove('RoleBinding', binding);
    await world.settle(storeId);
    assert.notEqual(await world.kube.get('RoleBinding', binding), null);
    world.kube.remove('RoleBinding', binding);
    await world.wishDeleted(storeId);
    await world.attempt(storeId);
    assert.equal(await world.settle(storeId), 'completed');
    assert.deepEqual(objectsOf(world, storeId), []);
  });

  it('never touches a namespace of its name that is somebody else’s, not even to clean up', async () => {
    const storeId = await world.insertStore();
    const name = storeNamespace(storeId);
    world.kube.put('Namespace', { name }, { metadata: { labels: { owner: 'somebody' } } });
    const error = await world.settle(storeId);
    assert.ok(error instanceof TerminalError);
    assert.equal(error.code, 'namespace_taken');
    await world.wishDeleted(storeId);
    await assert.rejects(world.attempt(storeId), /is not this store's/);
    const found = await world.kube.get('Namespace', { name });
    assert.deepEqual(found?.metadata.labels, { owner: 'somebody' });
    assert.deepEqual(objectsOf(world, storeId), [`Namespace /NAMESPACE`]);
  });

  it('closes the networks of the cluster itself to stores, of both families', async () => {
    const storeId = await world.insertStore();
    await world.settle(storeId);
    const ref = { namespace: storeNamespace(storeId), name: 'allow-internet' };
    const policy = (await world.kube.get('NetworkPolicy', ref)) as unknown as {
      spec: { egress: { to: { ipBlock: { cidr: string; except: string[] } }[] }[] };
    };
    const [v4, v6] = policy.spec.egress[0]?.to.map(({ ipBlock }) => ipBlock) ?? [];
    assert.equal(v4?.cidr, '0.0.0.0/0');
    assert.equal(v6?.cidr, '::/0');
    for (const network of ['10.0.0.0/8', '169.254.0.0/16', '192.168.0.0/16', '203.0.113.7/32']) {
      assert.ok(v4.except.includes(network), network);
    }
    assert.ok(!v4.except.some((network) => network.includes(':')) && v6.except.includes('2001:db8:1::/48'));
  });

  it('changes nothing and tells nothing when all is as wanted', async () => {
    const storeId = await world.insertStore();
    await world.settle(storeId);
    const before = await world.eventTypes(storeId);
    const { resourceVersion } = await world.kube.list('Secret', {});
    await world.attempt(storeId);
    assert.deepEqual(await world.eventTypes(storeId), before);
    assert.equal((await world.kube.list('Secret', {})).resourceVersion, resourceVersion);
  });

  it('puts back what somebody removed from a ready store, and keeps its credentials', async () => {
    const storeId = await world.insertStore();
    await world.settle(storeId);
    const namespace = storeNamespace(storeId);
    const before = await world.kube.readSecret({ namespace, name: 'store-admin' });
    world.kube.remove('Deployment', { namespace, name: 'front' });
    world.kube.remove('NetworkPolicy', { namespace, name: 'deny-all' });
    assert.equal(await world.settle(storeId), 'completed');
    assert.ok(objectsOf(world, storeId).includes('Deployment NAMESPACE/front'));
    assert.ok(objectsOf(world, storeId).includes('NetworkPolicy NAMESPACE/deny-all'));
    assert.deepEqual(await world.kube.readSecret({ namespace, name: 'store-admin' }), before);
  });

  it('puts back a Service when nothing else is missing', async () => {
    const storeId = await world.insertStore();
    await world.settle(storeId);
    world.kube.remove('Service', { namespace: storeNamespace(storeId), name: 'front' });
    assert.equal(await world.settle(storeId), 'completed');
    assert.ok(objectsOf(world, storeId).includes('Service NAMESPACE/front'));
    assert.equal((await world.eventTypes(storeId)).at(-1), 'store.repaired');
  });

  it('uses a given password once and forgets its sealed copy', async () => {
    const storeId = await world.insertStore({ password: 'correct horse battery' });
    await world.settle(storeId);
    const namespace = storeNamespace(storeId);
    const admin = await world.kube.readSecret({ namespace, name: 'store-admin' });
    const internal = await world.kube.readSecret({ namespace, name: 'store-internal' });
    assert.equal(admin?.password, 'correct horse battery');
    assert.equal(internal?.passwordHash, hashOf('correct horse battery'));
    assert.equal((await world.readRow(storeId)).hasSealedPassword, false);
  });

  it('deletes a store without a trace', async () => {
    const storeId = await world.insertStore();
    await world.settle(storeId);
    await world.wishDeleted(storeId);
    assert.equal(await world.settle(storeId), 'completed');
    const row = await world.readRow(storeId);
    assert.deepEqual([row.phase, row.observedGeneration], ['deleted', row.generation]);
    assert.deepEqual(objectsOf(world, storeId), []);
    assert.equal((await world.eventTypes(storeId)).at(-1), 'store.deleted');
  });

  it('deletes a store that was never begun', async () => {
    const storeId = await world.insertStore({ password: 'never to be used' });
    await world.wishDeleted(storeId);
    assert.equal(await world.settle(storeId), 'completed');
    const row = await world.readRow(storeId);
    assert.deepEqual([row.phase, row.hasSealedPassword], ['deleted', false]);
  });

  it('says why a deletion takes long, once, and goes on until it is through', async () => {
    const storeId = await world.insertStore();
    await world.settle(storeId);
    await world.wishDeleted(storeId);
    const namespace = await world.kube.get('Namespace', { name: storeNamespace(storeId) });
    world.kube.blockDeletion('some finalizer is in the way');
    await world.kube.delete('Namespace', { name: storeNamespace(storeId) }, { uid: namespace?.metadata.uid ?? '' });
    for (const _ of [1, 2, 3, 4]) {
      const outcome = await world.attempt(storeId);
      assert.equal(outcome.outcome, 'waiting');
    }
    const delayed = await world.readRow(storeId);
    assert.equal(delayed.phase, 'deleting');
    assert.match(delayed.errorMessage ?? '', /some finalizer is in the way/);
    const told = (await world.eventTypes(storeId)).filter((type) => type === 'store.deletion_delayed');
    assert.equal(told.length, 1);
    world.kube.blockDeletion(null);
    assert.equal(await world.settle(storeId), 'completed');
    // However long it takes, the timeline does not grow with it; and its last word is that nothing is left.
    const last = (await world.eventTypes(storeId)).filter((type) => type.endsWith(' confirmGone'));
    assert.ok(last.length <= 3, `${last.length} entries of one step`);
    assert.equal(last.at(-1), 'store.step_completed confirmGone');
    assert.equal((await world.readRow(storeId)).errorMessage, null);
  });

  it('fails a store whose pods crash, keeps the evidence without its secrets, cleans up, and succeeds when retried', async () => {
    const storeId = await world.insertStore({ password: 'a very secret password' });
    const namespace = storeNamespace(storeId);
    world.setWeather('pods crash');
    world.kube.setLogs({ namespace, name: 'front-0' }, 'starting\ncannot log in with a very secret password\n');
    const error = await world.settle(storeId);
    assert.ok(error instanceof TerminalError);
    assert.equal(error.code, 'crash_loop');
    const row = await world.readRow(storeId);
    assert.deepEqual([row.phase, row.errorCode], ['failed', 'crash_loop']);
    assert.deepEqual(objectsOf(world, storeId), []);
    const { rows } = await sql<{ details: { pods: { log: string }[] } }>`
      select details from events where store_id = ${storeId} and type = 'store.diagnosis_recorded'`.execute(world.db);
    const log = rows[0]?.details.pods.map((pod) => pod.log).join('') ?? '';
    assert.match(log, /cannot log in with \[cut\]/);
    world.setWeather('fine');
    await world.wishRetried(storeId);
    assert.equal(await world.settle(storeId), 'completed');
    assert.equal((await world.readRow(storeId)).phase, 'ready');
    const admin = await world.kube.readSecret({ namespace, name: 'store-admin' });
    assert.equal(admin?.password, 'a very secret password', 'the password that was given is still the one');
  });

  it('cuts a secret out of a log also where the log itself is cut off in its middle', async () => {
    const storeId = await world.insertStore({ password: 'a very secret password' });
    world.setWeather('pods crash');
    const line = `a very secret password${'.'.repeat(3_990)}\n`;
    world.kube.setLogs({ namespace: storeNamespace(storeId), name: 'front-0' }, line);
    await world.settle(storeId);
    const { rows } = await sql<{ text: string }>`
      select string_agg(events::text, '') as text from events where store_id = ${storeId}`.execute(world.db);
    assert.match(rows[0]?.text ?? '', /\.{3000}/);
    assert.ok(!rows[0]?.text.includes('password...'), 'the end of the password is in the timeline');
  });

  it('gives an engine what its values are made of, and nothing that is a secret of the platform', async () => {
    await world.settle(await world.insertStore());
    const seen = world.valuesInputs.at(-1) ?? {};
    assert.ok('hosts' in seen && 'images' in seen);
    assert.ok(!('platformKey' in seen) && !('apiSubject' in seen));
  });

  it('keeps what a failed create has made where that was asked for, and a retry goes on with it, but with new pods', async () => {
    const storeId = await world.insertStore({ keepFailed: true });
    const namespace = storeNamespace(storeId);
    world.setWeather('pods crash');
    for (const _ of [1, 2]) {
      assert.ok((await world.settle(storeId)) instanceof TerminalError);
      assert.ok(objectsOf(world, storeId).includes('Deployment NAMESPACE/front'));
    }
    assert.equal((await world.readRow(storeId)).phase, 'failed');
    const before = await world.kube.readSecret({ namespace, name: 'store-admin' });
    const podIds = async () => (await world.kube.list('Pod', { namespace })).items.map(({ metadata: { uid } }) => uid);
    const stuck = await podIds();
    await world.wishRetried(storeId);
    assert.ok((await world.settle(storeId)) instanceof TerminalError);
    const replaced = await podIds();
    assert.equal(replaced.length, stuck.length);
    assert.deepEqual(
      replaced.filter((uid) => stuck.includes(uid)),
      [],
    );
    await world.wishRetried(storeId);
    world.setWeather('fine');
    assert.equal(await world.settle(storeId), 'completed');
    assert.deepEqual(await world.kube.readSecret({ namespace, name: 'store-admin' }), before);
  });

  it('leaves a failed store alone until it is retried', async () => {
    const storeId = await world.insertStore();
    world.setWeather('pods crash');
    await world.settle(storeId);
    world.setWeather('fine');
    assert.ok((await world.settle(storeId)) instanceof TerminalError);
    assert.equal((await world.readRow(storeId)).phase, 'failed');
  });

  it('fails a store that is not ready in its time, with the reason', async () => {
    const storeId = await world.insertStore();
    world.setWeather('pods never ready');
    world.setProvisionTimeout(1);
    const error = await world.settle(storeId);
    assert.ok(error instanceof TerminalError);
    assert.match(error.message, /not ready within its time: waiting for database, front/);
  });

  it('never removes a shop that once lived, whatever goes wrong', async () => {
    const storeId = await world.insertStore();
    await world.settle(storeId);
    const namespace = storeNamespace(storeId);
    world.kube.remove('Secret', { namespace, name: 'store-internal' });
    const error = await world.settle(storeId);
    assert.ok(error instanceof TerminalError);
    assert.equal(error.code, 'credentials_lost');
    const row = await world.readRow(storeId);
    assert.deepEqual([row.phase, row.errorCode], ['ready', 'credentials_lost']);
    assert.ok(objectsOf(world, storeId).includes('PersistentVolumeClaim NAMESPACE/data-database-0'));
  });

  describe('a shop that lived', () => {
    async function makeLivingStore() {
      const storeId = await world.insertStore();
      await world.settle(storeId);
      return { storeId, namespace: storeNamespace(storeId) };
    }
    const settleWithCode = async (storeId: Parameters<World['settle']>[0]) => {
      const outcome = await world.settle(storeId);
      return outcome === 'completed' ? outcome : outcome.code;
    };
    const versionOf = async (namespace: string) => {
      const found = await world.kube.get('Deployment', { namespace, name: 'front' });
      return (found?.spec as { version?: string } | undefined)?.version;
    };
    beforeEach(() => world.setEngineVersion('1.0.0'));

    it('never comes back as an empty one by itself: its lost namespace is an error until somebody agrees', async () => {
      const { storeId, namespace } = await makeLivingStore();
      const before = await world.kube.readSecret({ namespace, name: 'store-admin' });
      world.kube.remove('Namespace', { name: namespace });
      for (const _ of [1, 2]) {
        assert.equal(await settleWithCode(storeId), 'data_lost');
      }
      assert.deepEqual(objectsOf(world, storeId), []);
      const row = await world.readRow(storeId);
      assert.deepEqual([row.phase, row.errorCode], ['ready', 'data_lost']);
      const told = (await world.eventTypes(storeId)).filter((type) => type.startsWith('store.repair_needed'));
      assert.deepEqual(told, ['store.repair_needed ensureNamespace']);

      await world.wishRepaired(storeId);
      assert.equal(await world.settle(storeId), 'completed');
      assert.deepEqual(
        [(await world.readRow(storeId)).phase, (await world.readRow(storeId)).errorCode],
        ['ready', null],
      );
      assert.notDeepEqual(await world.kube.readSecret({ namespace, name: 'store-admin' }), before);
      assert.equal((await world.eventTypes(storeId)).at(-1), 'store.ready');
      assert.equal(await world.settle(storeId), 'completed');
    });

    it('is not built anew by a repair that was asked for before the loss', async () => {
      const { storeId, namespace } = await makeLivingStore();
      await world.wishRepaired(storeId);
      world.kube.remove('Namespace', { name: namespace });
      assert.equal(await settleWithCode(storeId), 'data_lost');
      assert.deepEqual(objectsOf(world, storeId), []);
    });

    it('shows the loss while its namespace is still going, and is built when a repair finds it gone', async () => {
      const { storeId, namespace } = await makeLivingStore();
      const found = await world.kube.get('Namespace', { name: namespace });
      world.kube.blockDeletion('held');
      await world.kube.delete('Namespace', { name: namespace }, { uid: found?.metadata.uid ?? '' });
      assert.equal(await settleWithCode(storeId), 'data_lost');
      await world.wishRepaired(storeId);
      assert.equal((await world.attempt(storeId)).outcome, 'waiting');
      assert.equal((await world.attempt(storeId)).outcome, 'waiting');
      world.kube.blockDeletion(null);
      await delay(50);
      world.kube.blockDeletion(null);
      assert.equal(await world.settle(storeId), 'completed');
    });

    it('does not pass over a volume that was replaced, and keeps all the rest when somebody agrees', async () => {
      const { storeId, namespace } = await makeLivingStore();
      const before = await world.kube.readSecret({ namespace, name: 'store-admin' });
      const claim = { namespace, name: 'data-database-0' };
      world.kube.remove('PersistentVolumeClaim', claim);
      world.kube.put('PersistentVolumeClaim', claim, { metadata: { labels: { 'souk.dev/store': 'x' } } });
      assert.equal(await settleWithCode(storeId), 'data_lost');
      assert.match((await world.readRow(storeId)).errorMessage ?? '', /data-database-0/);
      await world.wishRepaired(storeId);
      assert.equal(await world.settle(storeId), 'completed');
      assert.deepEqual(await world.kube.readSecret({ namespace, name: 'store-admin' }), before);
      assert.equal(await world.settle(storeId), 'completed');
    });

    it('gets back the version that was installed, not the one that would be installed today', async () => {
      const { storeId, namespace } = await makeLivingStore();
      world.setEngineVersion('2.0.0');
      assert.equal(await world.settle(storeId), 'completed');
      assert.equal(await versionOf(namespace), '1.0.0', 'a reconcile without drift was an upgrade');
      world.kube.remove('Deployment', { namespace, name: 'front' });
      assert.equal(await world.settle(storeId), 'completed');
      assert.equal(await versionOf(namespace), '1.0.0');
      world.kube.put('StatefulSet', { namespace, name: 'database' }, { spec: { replicas: 0 } });
      assert.equal(await world.settle(storeId), 'completed');
      const database = await world.kube.get('StatefulSet', { namespace, name: 'database' });
      assert.equal(database?.spec?.replicas, 1);
      assert.equal((await world.eventTypes(storeId)).at(-1), 'store.repaired');
    });

    it('gets its release records back when they would say the same, and else waits for somebody to agree', async () => {
      const { storeId, namespace } = await makeLivingStore();
      const dropRecords = () => {
        for (const line of world.kube.describe().filter((each) => each.startsWith(`Secret ${namespace}/sh.helm`))) {
          world.kube.remove('Secret', { namespace, name: line.slice(`Secret ${namespace}/`.length) });
        }
      };
      const release = { namespace, name: namespace };
      dropRecords();
      assert.equal(await world.settle(storeId), 'completed');
      assert.equal((await world.helm.readRelease(release))?.status, 'deployed');
      dropRecords();
      world.setEngineVersion('2.0.0');
      assert.equal(await settleWithCode(storeId), 'release_lost');
      assert.equal(await versionOf(namespace), '1.0.0');
      await world.wishRepaired(storeId);
      assert.equal(await world.settle(storeId), 'completed');
      assert.equal(await versionOf(namespace), '2.0.0');
    });

    it('tells that a Secret was edited, and is content when it is put back or somebody agrees', async () => {
      const { storeId, namespace } = await makeLivingStore();
      const admin = { namespace, name: 'store-admin' };
      const { password = '' } = (await world.kube.readSecret(admin)) ?? {};
      const write = (value: string) =>
        world.kube.put('Secret', admin, { data: { password: Buffer.from(value).toString('base64') } });
      write('edited');
      assert.equal(await settleWithCode(storeId), 'credentials_changed');
      write(password);
      assert.equal(await world.settle(storeId), 'completed');
      assert.equal((await world.readRow(storeId)).errorCode, null);
      write('edited again');
      assert.equal(await settleWithCode(storeId), 'credentials_changed');
      await world.wishRepaired(storeId);
      assert.equal(await world.settle(storeId), 'completed');
      assert.equal((await world.kube.readSecret(admin))?.password, 'edited again');
      const { rows } = await sql`
        select 1 from events where store_id = ${storeId} and (message like '%edited again%' or message like ${`%${password}%`})
      `.execute(world.db);
      assert.deepEqual(rows, [], 'no value of a Secret is told');
    });
  });

  it('gives a retry all of the time again, however long ago the first attempt was', async () => {
    const storeId = await world.insertStore();
    world.setWeather('pods crash');
    await world.settle(storeId);
    await sql`
      update stores set provisioning_started_at = now() - interval '1 day' where id = ${storeId}`.execute(world.db);
    world.setWeather('pods never ready');
    await world.wishRetried(storeId);
    assert.equal((await world.attempt(storeId)).outcome, 'waiting');
    world.setWeather('fine');
    const namespace = storeNamespace(storeId);
    const status = { readyReplicas: 1, availableReplicas: 1 };
    world.kube.put('Deployment', { namespace, name: 'front' }, { status });
    world.kube.put('StatefulSet', { namespace, name: 'database' }, { status });
    assert.equal(await world.settle(storeId), 'completed');
  });

  it('waits for as long as it takes when it repairs a shop that lives', async () => {
    const storeId = await world.insertStore();
    await world.settle(storeId);
    await sql`
      update stores set provisioning_started_at = now() - interval '1 day' where id = ${storeId}`.execute(world.db);
    world.setWeather('pods crash');
    world.kube.remove('Deployment', { namespace: storeNamespace(storeId), name: 'front' });
    assert.equal((await world.attempt(storeId)).outcome, 'waiting');
    assert.deepEqual([(await world.readRow(storeId)).phase, (await world.readRow(storeId)).errorCode], ['ready', null]);
  });

  it('blames no store for a cluster that is away', async () => {
    const storeId = await world.insertStore();
    world.setProvisionTimeout(1);
    world.kube.setUnreachable(true);
    await assert.rejects(world.attempt(storeId), /did not answer/);
    world.kube.setUnreachable(false);
    assert.equal((await world.readRow(storeId)).phase, 'provisioning');
    // The time in which the cluster was away does not count, however long it was: the clock stands.
    const isClockStanding = async () => {
      const { rows } = await sql`
        select from stores where id = ${storeId} and provisioning_started_at is null`.execute(world.db);
      return rows.length === 1;
    };
    assert.equal(await isClockStanding(), true);
    world.setProvisionTimeout(60_000);
    world.setWeather('pods never ready');
    assert.equal((await world.attempt(storeId)).outcome, 'waiting');
    assert.equal(await isClockStanding(), false);
    const status = { readyReplicas: 1, availableReplicas: 1 };
    const namespace = storeNamespace(storeId);
    world.kube.put('Deployment', { namespace, name: 'front' }, { status });
    world.kube.put('StatefulSet', { namespace, name: 'database' }, { status });
    assert.equal(await world.settle(storeId), 'completed');
  });

  it('stops waiting for pods as soon as the store is wanted otherwise', async () => {
    const storeId = await world.insertStore();
    world.setWeather('pods never ready');
    const waiting = world.attempt(storeId);
    while (!(await world.eventTypes(storeId)).includes('store.step_started awaitWorkloads')) {
      // The attempt is on its way there; each look is a round trip.
    }
    await world.wishDeleted(storeId);
    world.newerWishes.look();
    assert.deepEqual(await waiting, {
      outcome: 'waiting',
      recheckAfterMs: 0,
      reason: 'the store is wanted otherwise by now',
    });
    assert.equal(await world.settle(storeId), 'completed');
    assert.deepEqual(objectsOf(world, storeId), []);
  });

  it('begins no further step once the store is wanted otherwise', async () => {
    const storeId = await world.insertStore();
    world.setWeather('pods never ready');
    armFailpoint('after-helm-upgrade', async () => {
      armFailpoints('');
      await world.wishDeleted(storeId);
      world.newerWishes.look();
      await delay(100);
    });
    assert.equal((await world.attempt(storeId)).outcome, 'waiting');
    assert.equal((await world.eventTypes(storeId)).at(-1), 'store.step_completed installRelease');
  });

  it('refuses every write of a worker whose successor has begun', async () => {
    const storeId = await world.insertStore();
    world.setWeather('pods never ready');
    const former = world.attempt(storeId);
    while (!(await world.eventTypes(storeId)).includes('store.step_started awaitWorkloads')) {
      // As above.
    }
    world.setWeather('fine');
    const namespace = storeNamespace(storeId);
    const successor = world.attempt(storeId);
    for (const [kind, name] of [
      ['Deployment', 'front'],
      ['StatefulSet', 'database'],
    ] as const) {
      world.kube.put(kind, { namespace, name }, { status: { readyReplicas: 1, availableReplicas: 1 } });
    }
    const [first, second] = await Promise.allSettled([former, successor]);
    assert.equal(second.status, 'fulfilled');
    assert.ok(first.status === 'rejected' && first.reason instanceof LeaseLostError, String(first.status));
    const ready = (await world.eventTypes(storeId)).filter((type) => type === 'store.ready');
    assert.equal(ready.length, 1);
  });
});
