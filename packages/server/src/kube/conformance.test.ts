// What `Kube` promises, asked of the double and, where KUBECONFIG names one, of a real cluster. This is what keeps the double honest.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { waitUntil } from '../db/wait-until.ts';
import { connectKube } from './connect-kube.ts';
import { followObjects } from './follow-objects.ts';
import type { Kube, LogOptions, ObjectRef } from './kube.ts';
import { isKubeError, KubeError } from './kube-error.ts';
import { createMemoryKube } from './memory-kube.ts';
import { countRestarts, isPodReady } from './readiness.ts';

const kubeconfig = process.env.KUBECONFIG ?? null;
const READY = [{ type: 'Ready', status: 'True' }];
// The local platform's nodes have it; of other clusters nobody knows what they have.
const shellImage = readShellImage(process.env.SOUK_HOME);

function readShellImage(home: string | undefined): string | null {
  const file = path.join(home ?? '', 'images.json');
  return home !== undefined && existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { node: string }).node
    : null;
}

/** A cluster, and what its tests need to be done there that is no part of `Kube`. */
interface Stage {
  readonly kube: Kube;
  /** Makes version 1 too old; false where that takes some minutes in which nobody may wait. */
  grow(): boolean;
  /** Starts a pod whose container `main` fails at its first run, and waits until it is ready in its second. */
  startPod(ref: Required<ObjectRef>): Promise<void>;
}

// Answers no signal, as nothing does that is process 1 of its container and has not asked for them.
const TWO_RUNS =
  'if [ -e /runs/first ]; then echo one of two; echo two of two; sleep 600; else touch /runs/first; echo first; exit 7; fi';

describe('the double', () =>
  promisesOfKube(false, async () => {
    const kube = createMemoryKube();
    // Programs of its pods run here.
    kube.onExec((_ref, { command: [file = '', ...rest], input }) => spawnSync(file, rest, { input }).status ?? 1);
    return {
      kube,
      grow() {
        kube.expireVersions();
        return true;
      },
      async startPod(ref) {
        const status = { conditions: READY, containerStatuses: [{ name: 'main', ready: true, restartCount: 1 }] };
        kube.put('Pod', ref, { spec: { nodeName: 'a-node', containers: [{ name: 'main' }] }, status });
        kube.setLogs(ref, 'one of two\ntwo of two\n', 'first\n');
      },
    };
  }));
describe('a real cluster', { skip: kubeconfig === null ? 'KUBECONFIG names no cluster' : false }, () =>
  promisesOfKube(shellImage === null && 'SOUK_HOME names no platform whose images are known', async () => {
    const kube = await connectKube({ kubeconfig, context: null });
    return {
      kube,
      grow: () => false,
      async startPod({ name, namespace }) {
        const volumeMounts = [{ name: 'runs', mountPath: '/runs' }];
        const container = { name: 'main', image: shellImage, command: ['sh', '-c', TWO_RUNS], volumeMounts };
        const spec = {
          containers: [container],
          volumes: [{ name: 'runs', emptyDir: {} }],
          terminationGracePeriodSeconds: 300,
          automountServiceAccountToken: false,
        };
        // A namespace has no service account in its first moment, and no pod can be made without.
        await waitUntil('the pod is made', () =>
          kube.createIfAbsent('Pod', { metadata: { name, namespace }, spec }).catch((error: unknown) => {
            if (isKubeError(error, 403)) return false;
            throw error;
          }),
        );
        const isRunning = async () => {
          const pod = await kube.get('Pod', { name, namespace });
          return pod !== null && isPodReady(pod) && countRestarts(pod) > 0;
        };
        await waitUntil('the pod is ready in its second run', isRunning, 90_000);
      },
    };
  }),
);

function promisesOfKube(whyNoPods: string | false, connect: () => Promise<Stage>): void {
  const namespace = `conformance-${randomBytes(4).toString('hex')}`;
  let stage: Stage;
  let kube: Kube;
  let longWatch: ReturnType<typeof watchToItsEnd>;

  before(async () => {
    stage = await connect();
    kube = stage.kube;
    assert.equal(await kube.createIfAbsent('Namespace', { metadata: { name: namespace } }), true);
  });

  after(async () => {
    const found = await kube.get('Namespace', { name: namespace });
    if (found !== null) {
      await kube.delete('Namespace', { name: namespace }, { uid: found.metadata.uid });
    }
    kube.close();
  });

  // Over a minute long, so it goes on beside everything else.
  before(() => {
    longWatch = watchToItsEnd();
    longWatch.catch(() => undefined);
  });

  const policy = (name: string) => ({ metadata: { name, namespace }, spec: { podSelector: {} } });
  async function watchToItsEnd(): Promise<readonly (readonly [type: string, version: string])[]> {
    const { resourceVersion } = await kube.list('NetworkPolicy', { namespace });
    await kube.apply('NetworkPolicy', policy('before'));
    const told: (readonly [string, string])[] = [];
    // API servers send a bookmark once a minute.
    const start = { namespace, resourceVersion, timeoutSeconds: 65 };
    for await (const { type, object } of kube.watch('NetworkPolicy', start, AbortSignal.timeout(90_000))) {
      told.push([type, object.metadata.resourceVersion]);
    }
    return told;
  }

  const quota = (name: string, hard: Record<string, string>, labels: Record<string, string> = {}) => ({
    metadata: { name, namespace, labels },
    spec: { hard },
  });
  const hardOf = async (name: string) => {
    const found = await kube.get('ResourceQuota', { name, namespace });
    return (found as unknown as { spec: { hard: Record<string, string> } } | null)?.spec.hard;
  };

  it('answers null for an object that is not there', async () => {
    assert.equal(await kube.get('Secret', { name: 'missing', namespace }), null);
    assert.equal(await kube.readSecret({ name: 'missing', namespace }), null);
    assert.equal(await kube.readLogs({ name: 'missing', namespace }, {}), null);
    const program = { container: 'any', command: ['true'], input: '' };
    assert.equal(await kube.exec({ name: 'missing', namespace }, program), null);
  });

  it('creates what is absent and leaves what exists as it is', async () => {
    const secret = (value: string) => ({ metadata: { name: 'once', namespace }, stringData: { key: value } });
    assert.equal(await kube.createIfAbsent('Secret', secret('first')), true);
    assert.equal(await kube.createIfAbsent('Secret', secret('second')), false);
    assert.deepEqual(await kube.readSecret({ name: 'once', namespace }), { key: 'first' });
  });

  it('refuses to create anything in a namespace that is not there', async () => {
    const manifest = { metadata: { name: 'lost', namespace: `${namespace}-missing` }, stringData: {} };
    await assert.rejects(kube.createIfAbsent('Secret', manifest), (error) => isKubeError(error, 404));
  });

  it('applies: makes, changes, and removes what it no longer says', async () => {
    await kube.apply('ResourceQuota', quota('applied', { pods: '3', services: '2' }));
    assert.deepEqual(await hardOf('applied'), { pods: '3', services: '2' });
    await kube.apply('ResourceQuota', quota('applied', { pods: '4' }));
    assert.deepEqual(await hardOf('applied'), { pods: '4' });
  });

  it('changes nothing when the same is applied again', async () => {
    // A kind that no controller of a cluster writes to.
    const limits = (cpu: string) => ({
      metadata: { name: 'same', namespace },
      spec: { limits: [{ type: 'Container', max: { cpu } }] },
    });
    const first = await kube.apply('LimitRange', limits('1'));
    const second = await kube.apply('LimitRange', limits('1'));
    assert.equal(second.metadata.resourceVersion, first.metadata.resourceVersion);
  });

  it('selects by labels and lists metadata alone', async () => {
    await kube.apply('ResourceQuota', quota('labelled', { pods: '1' }, { colour: 'red' }));
    const names = async (labels: string) =>
      (await kube.listMetadata('ResourceQuota', { namespace, labels })).items.map((item) => item.metadata.name);
    assert.deepEqual(await names('colour=red'), ['labelled']);
    assert.deepEqual(await names('colour'), ['labelled']);
    assert.deepEqual(await names('colour=blue'), []);
    const [item] = (await kube.listMetadata('ResourceQuota', { namespace, labels: 'colour' })).items;
    assert.deepEqual(Object.keys(item ?? {}), ['metadata']);
  });

  it('lists in pieces what it lists at once, all of one moment, also when something changes in between', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'].map((letter) => `piece-${letter}`);
    for (const name of names) await kube.apply('ResourceQuota', quota(name, { pods: '1' }, { piece: 'yes' }));
    const found: string[][] = [];
    const versions = new Set<string>();
    const selection = { namespace, labels: 'piece=yes', objectsAPage: 2 };
    for await (const page of kube.listPages('ResourceQuota', selection)) {
      found.push(page.items.map(({ metadata }) => metadata.name));
      versions.add(page.resourceVersion);
      await kube.apply('ResourceQuota', quota('piece-z', { pods: '1' }, { piece: 'yes' }));
    }
    assert.deepEqual(
      found.map(({ length }) => length),
      [2, 2, 1],
    );
    assert.deepEqual(found.flat().sort(), names);
    assert.equal(versions.size, 1);
  });

  it('selects by a field, in lists and watches', async () => {
    const event = (name: string, type: string) => ({
      metadata: { name, namespace },
      involvedObject: { kind: 'Pod', name: 'any', namespace },
      type,
      reason: 'Conformance',
      message: name,
    });
    const selection = { namespace, fields: 'type=Warning' };
    const { resourceVersion } = await kube.list('Event', selection);
    await kube.createIfAbsent('Event', event('ordinary', 'Normal'));
    await kube.createIfAbsent('Event', event('alarming', 'Warning'));
    const { items } = await kube.list('Event', selection);
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ['alarming'],
    );
    for await (const { object } of kube.watch(
      'Event',
      { ...selection, resourceVersion },
      AbortSignal.timeout(10_000),
    )) {
      assert.equal(object.metadata.name, 'alarming');
      break;
    }
  });

  it('deletes only the very object that was meant', async () => {
    const created = await kube.apply('ResourceQuota', quota('replaced', { pods: '1' }));
    await kube.delete(
      'ResourceQuota',
      { name: 'replaced', namespace },
      { uid: '00000000-0000-0000-0000-000000000000' },
    );
    assert.notEqual(await kube.get('ResourceQuota', { name: 'replaced', namespace }), null);
    await kube.delete('ResourceQuota', { name: 'replaced', namespace }, { uid: created.metadata.uid });
    assert.equal(await kube.get('ResourceQuota', { name: 'replaced', namespace }), null);
  });

  it('keeps what has a finalizer until that is taken away, and tells that it is on its way out', async () => {
    const ref = { name: 'held', namespace };
    const held = (finalizers: readonly string[]) => ({ metadata: { ...ref, finalizers }, stringData: {} });
    const { metadata } = await kube.apply('Secret', held(['souk.dev/conformance']));
    await kube.delete('Secret', ref, { uid: metadata.uid });
    const going = await kube.get('Secret', ref);
    assert.notEqual(going?.metadata.deletionTimestamp, undefined);
    const { items } = await kube.listMetadata('Secret', { namespace });
    const listed = items.find(({ metadata: { name } }) => name === ref.name);
    assert.equal(listed?.metadata.deletionTimestamp, going?.metadata.deletionTimestamp);
    // Deleting what is on its way out changes nothing.
    await kube.delete('Secret', ref, { uid: metadata.uid });
    assert.equal((await kube.get('Secret', ref))?.metadata.resourceVersion, going?.metadata.resourceVersion);
    await kube.apply('Secret', held([]));
    assert.equal(await kube.get('Secret', ref), null);
  });

  for (const kind of ['Deployment', 'StatefulSet'] as const) {
    const makeOwner = async (name: string): Promise<string> => {
      const labels = { app: name };
      const template = { metadata: { labels }, spec: { containers: [{ name, image: 'souk.local/none' }] } };
      const spec = {
        replicas: 0,
        ...(kind === 'StatefulSet' && { serviceName: name }),
        selector: { matchLabels: labels },
        template,
      };
      const { metadata } = await kube.apply(kind, { metadata: { name, namespace }, spec });
      const owner = { apiVersion: 'apps/v1', kind, name, uid: metadata.uid };
      const owned = { metadata: { name, namespace, ownerReferences: [owner] }, stringData: {} };
      assert.equal(await kube.createIfAbsent('Secret', owned), true);
      return metadata.uid;
    };

    it(`deletes after a ${kind} what that owned`, async () => {
      const ref = { name: `owner-${kind.toLowerCase()}`, namespace };
      await kube.delete(kind, ref, { uid: await makeOwner(ref.name) });
      await waitUntil('the owned object is gone', async () => (await kube.get('Secret', ref)) === null);
      assert.equal(await kube.get(kind, ref), null);
    });

    it(`leaves what a ${kind} owned where that is deleted as an orphan's owner`, async () => {
      const ref = { name: `orphaning-${kind.toLowerCase()}`, namespace };
      await kube.delete(kind, ref, { uid: await makeOwner(ref.name), propagation: 'Orphan' });
      await waitUntil('the owner is gone', async () => (await kube.get(kind, ref)) === null);
      const left = await kube.get('Secret', ref);
      assert.deepEqual([left?.metadata.deletionTimestamp, left?.metadata.ownerReferences ?? []], [undefined, []]);
    });
  }

  it('takes the deletion of what is gone already for done', async () => {
    await kube.delete('Secret', { name: 'never', namespace }, { uid: '00000000-0000-0000-0000-000000000000' });
  });

  it('tells of every change after a listing, in order', async () => {
    const { resourceVersion } = await kube.list('ResourceQuota', { namespace });
    await kube.apply('ResourceQuota', quota('watched', { pods: '1' }));
    const changed = await kube.apply('ResourceQuota', quota('watched', { pods: '2' }));
    await kube.delete('ResourceQuota', { name: 'watched', namespace }, { uid: changed.metadata.uid });
    const types: string[] = [];
    for await (const event of kube.watch(
      'ResourceQuota',
      { namespace, resourceVersion },
      AbortSignal.timeout(10_000),
    )) {
      if (event.object.metadata.name === 'watched' && types.at(-1) !== event.type) {
        types.push(event.type);
      }
      if (event.type === 'DELETED') {
        break;
      }
    }
    assert.deepEqual(types, ['ADDED', 'MODIFIED', 'DELETED']);
  });

  it('says of a version that is too old to watch from that it is expired', async (test) => {
    const isOld = stage.grow();
    try {
      // Of other kinds the API server itself remembers more than its database does.
      for await (const _ of kube.watch('Event', { resourceVersion: '1', timeoutSeconds: 5 })) break;
    } catch (error) {
      assert.ok(error instanceof KubeError && error.isExpired, String(error));
      return;
    }
    assert.equal(isOld, false);
    test.skip('the cluster is so young that it remembers all there was');
  });

  it('tells by metadata alone what is there and then what changes, in a namespace and by a field', async () => {
    const signal = AbortSignal.timeout(30_000);
    const name = 'told-by-metadata';
    const labels = { of: name };
    await kube.apply('Secret', { metadata: { name, namespace, labels }, stringData: { password: 'first' } });
    const selection = { namespace, labels: `of=${name}`, fields: 'type!=helm.sh/release.v1' };
    const told: string[] = [];
    for await (const { type, object } of kube.watchMetadata('Secret', selection, signal)) {
      assert.deepEqual(Object.keys(object), ['metadata']);
      if (type === 'BOOKMARK') continue;
      told.push(`${type} ${object.metadata.name}`);
      if (type === 'ADDED') {
        const record = { metadata: { name: `${name}-2`, namespace, labels }, type: 'helm.sh/release.v1' };
        await kube.apply('Secret', record);
        await kube.apply('Secret', { metadata: { name, namespace, labels }, stringData: { password: 'second' } });
      }
      if (type === 'MODIFIED') await kube.delete('Secret', { name, namespace }, { uid: object.metadata.uid });
      if (type === 'DELETED') break;
    }
    assert.deepEqual(told, [`ADDED ${name}`, `MODIFIED ${name}`, `DELETED ${name}`]);
  });

  it('ends a watch of metadata with its signal, and fails with the reason of that signal', async () => {
    const controller = new AbortController();
    const reading = (async () => {
      const selection = { namespace, labels: 'of=nobody' };
      for await (const { type } of kube.watchMetadata('Secret', selection, controller.signal)) {
        assert.equal(type, 'BOOKMARK');
      }
    })();
    setTimeout(() => controller.abort(new Error('enough')), 300);
    await assert.rejects(reading, /enough/);
  });

  it('ends a watch with its signal, and fails with the reason of that signal', async () => {
    const controller = new AbortController();
    const { resourceVersion } = await kube.list('Secret', { namespace });
    const reading = (async () => {
      for await (const _ of kube.watch('Secret', { namespace, resourceVersion }, controller.signal)) {
        assert.fail('nothing was changed');
      }
    })();
    controller.abort(new Error('enough'));
    await assert.rejects(reading, /enough/);
  });

  it('fails a call whose signal is aborted with the reason of that signal', async () => {
    await assert.rejects(
      kube.get('Secret', { name: 'x', namespace }, AbortSignal.abort(new Error('too late'))),
      /too late/,
    );
  });

  it('follows a kind through changes and ends with its signal', async () => {
    const controller = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    const followed = followObjects(
      kube,
      'LimitRange',
      { namespace },
      {
        signal: controller.signal,
        onChange: () => followed.items().some(({ metadata }) => metadata.name === 'followed') && resolve(),
      },
    );
    const limits = [{ type: 'Container', max: { cpu: '1' } }];
    await kube.apply('LimitRange', { metadata: { name: 'followed', namespace }, spec: { limits } });
    await promise;
    assert.deepEqual(await followed.resync(), []);
    controller.abort();
    await followed.ended;
  });

  it('lists what is left in a namespace, of every kind', async () => {
    await kube.createIfAbsent('Secret', { metadata: { name: 'left', namespace }, stringData: {} });
    const { objects, kindsListed } = await kube.listLeftovers(namespace);
    assert.ok(objects.includes('secrets/left'), objects.join());
    assert.ok(kindsListed >= 10);
    assert.deepEqual((await kube.listLeftovers(`${namespace}-missing`)).objects, []);
  });

  it('removes a namespace with all that is in it, and refuses new objects meanwhile', async () => {
    const name = `${namespace}-going`;
    await kube.createIfAbsent('Namespace', { metadata: { name } });
    await kube.createIfAbsent('Secret', { metadata: { name: 'inside', namespace: name }, stringData: {} });
    const found = await kube.get('Namespace', { name });
    const { resourceVersion } = await kube.list('Namespace', { fields: `metadata.name=${name}` });
    await kube.delete('Namespace', { name }, { uid: found?.metadata.uid ?? '' });
    // Deleting what is on its way out changes nothing.
    await kube.delete('Namespace', { name }, { uid: found?.metadata.uid ?? '' });
    const late = kube.createIfAbsent('Secret', { metadata: { name: 'late', namespace: name }, stringData: {} });
    await assert.rejects(late, (error) => isKubeError(error, 403) || isKubeError(error, 404));
    const selection = { fields: `metadata.name=${name}`, resourceVersion };
    for await (const event of kube.watch('Namespace', selection, AbortSignal.timeout(30_000))) {
      if (event.type === 'DELETED') {
        break;
      }
    }
    assert.equal(await kube.get('Namespace', { name }), null);
    assert.deepEqual((await kube.listLeftovers(name)).objects, []);
  });

  it('says of a namespace on its way out what keeps it, and removes it once that is gone', async () => {
    const name = `${namespace}-held`;
    const held = (finalizers: readonly string[]) => ({
      metadata: { name: 'held', namespace: name, finalizers },
      stringData: {},
    });
    await kube.createIfAbsent('Namespace', { metadata: { name } });
    await kube.apply('Secret', held(['souk.dev/conformance']));
    const uid = (await kube.get('Namespace', { name }))?.metadata.uid ?? '';
    await kube.delete('Namespace', { name }, { uid });
    const conditions = async () => (await kube.get('Namespace', { name }))?.status?.conditions ?? [];
    const told = await waitUntil('the namespace says what keeps it', async () =>
      (await conditions()).find(({ type, status }) => type === 'NamespaceFinalizersRemaining' && status === 'True'),
    );
    assert.match(told.message ?? '', /souk\.dev\/conformance/);
    assert.deepEqual((await kube.listLeftovers(name)).objects, ['secrets/held']);
    await kube.apply('Secret', held([]));
    await waitUntil('it is gone', async () => (await kube.get('Namespace', { name })) === null, 60_000);
  });

  describe('of pods', { skip: whyNoPods }, () => {
    const pods = `${namespace}-pods`;
    const ref = { name: 'twice', namespace: pods };
    before(async () => {
      await kube.createIfAbsent('Namespace', { metadata: { name: pods } });
      await stage.startPod(ref);
    });
    after(async () => {
      const found = await kube.get('Namespace', { name: pods });
      await kube.delete('Namespace', { name: pods }, { uid: found?.metadata.uid ?? '' });
    });
    const read = async (options: LogOptions) => {
      let text = '';
      for await (const chunk of (await kube.readLogs(ref, options)) ?? []) text += chunk;
      return text;
    };

    it('reads the log of this run and of the one before, or the end of it', async () => {
      assert.equal(await read({}), 'one of two\ntwo of two\n');
      assert.equal(await read({ container: 'main', tailLines: 1 }), 'two of two\n');
      assert.equal(await read({ previous: true, tailLines: 25 }), 'first\n');
    });

    it('gives a program its whole input, and answers its exit code', async () => {
      const input = 'ä line\n'.repeat(20_000);
      const script = (code: number) => `[ "$(wc -c)" -eq ${Buffer.byteLength(input)} ] && exit ${code}; exit 9`;
      for (const code of [0, 3]) {
        const program = { container: 'main', command: ['sh', '-c', script(code)], input };
        assert.equal(await kube.exec(ref, program), code);
      }
    });

    it('lets a running pod stay for the grace that it is given, tells that it is on its way out, and then that it is gone', async () => {
      const { resourceVersion } = await kube.list('Pod', { namespace: pods });
      const { metadata } = (await kube.get('Pod', ref)) ?? assert.fail('there is no pod');
      await kube.delete('Pod', ref, { uid: metadata.uid, gracePeriodSeconds: 2 });
      const told: string[] = [];
      // Far less than the grace that the pod itself asks for.
      const signal = AbortSignal.timeout(60_000);
      for await (const { type, object } of kube.watch('Pod', { namespace: pods, resourceVersion }, signal)) {
        if (object.metadata.deletionTimestamp !== undefined) told.push(type);
        if (type === 'DELETED') break;
      }
      assert.equal(told[0], 'MODIFIED');
      assert.equal(await kube.get('Pod', ref), null);
    });
  });

  it('ends a watch by itself after its time, with a version before that from which nothing is told again', async () => {
    const told = await longWatch;
    const [first, ...bookmarks] = told.map(([type]) => type);
    assert.equal(first, 'ADDED');
    assert.deepEqual(new Set(bookmarks), new Set(['BOOKMARK']));
    await kube.apply('NetworkPolicy', policy('later'));
    const start = { namespace, resourceVersion: told.at(-1)?.[1] ?? '' };
    for await (const { object } of kube.watch('NetworkPolicy', start, AbortSignal.timeout(10_000))) {
      assert.equal(object.metadata.name, 'later');
      break;
    }
  });

  it('knows its version', async () => {
    assert.match(await kube.readVersion(), /^v1\.\d+/);
  });
}

it('says of a cluster that does not answer that it is unreachable, and not that something is wrong', async () => {
  const away = {
    server: new URL('http://127.0.0.1:1'),
    ca: undefined,
    cert: undefined,
    key: undefined,
    isInsecure: false,
  };
  const { createKubeTransport } = await import('./kube-transport.ts');
  const { createRealKube } = await import('./real-kube.ts');
  const kube = createRealKube(createKubeTransport({ ...away, authorize: async () => null }), () =>
    createKubeTransport({ ...away, authorize: async () => null }),
  );
  await assert.rejects(kube.readVersion(), (error) => error instanceof KubeError && error.isUnreachable);
});
