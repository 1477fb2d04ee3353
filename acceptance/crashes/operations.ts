// What stores go through in the kill matrix: how each operation is prepared for and asked for, and what must hold of the store when
// all is at rest again.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Credentials, Store } from '@souk/contract';
import { bringLateImage, LATE_ENGINE, removeLateImage } from '../brought-images.ts';
import type { Platform } from '../platform.ts';
import { freshName, makeStore, namespaceOf, removeStore, TEST_ENGINE } from '../stores.ts';
import { makeStrayNamespace, readTenant } from '../stray-namespace.ts';
import { hasOrder, listOrderIds, orderInTestShop } from '../test-shop.ts';
import { until } from '../until.ts';
import { holdNamespace, letNamespaceGo } from './held-namespace.ts';
import { CONVERGED_WITHIN_MS, command, countEvents, insist, untilNamespaceGone, untilStore } from './insist.ts';
import type { Operation } from './matrix.ts';
import { findPart, signalPart } from './parts.ts';

export interface Surroundings {
  readonly platform: Platform;
  /** Every store that was asked for. */
  readonly made: Set<string>;
}

/** One store's way through one operation. */
export interface Course {
  /** Makes the store as it must be before. */
  readonly prepare: () => Promise<Store>;
  /** Asks for it, again and again under one key while nobody answers, and where a person must agree, agrees. */
  readonly ask: (store: Store) => Promise<Store>;
  /** What the operation waits for once whoever got to the failpoint is lost. */
  readonly goOn?: (store: Store) => Promise<void>;
  /** Ends what the course still holds; harmless to repeat. */
  readonly letGo?: () => Promise<void>;
  /** Waits until what was asked for is there. */
  readonly awaitEnd: (store: Store) => Promise<void>;
  /** What a person would find out then who looks closely. */
  readonly verify: (store: Store) => Promise<void>;
  /** How many commands the store has had by then, its creation among them: each of them took effect exactly once. */
  readonly commands: number;
}

const COURSES: Readonly<Record<Operation, (surroundings: Surroundings) => Course>> = {
  create: (surroundings) => ({ ...ofNew(surroundings), commands: 1 }),
  away,
  retry,
  repair,
  'foreign-uninstall': foreignUninstall,
  rebuild,
  'keep-secret': keepSecret,
  'put-back': putBack,
  'reset-password': resetPassword,
  delete: ofDeletion,
  'blocked-deletion': blockedDeletion,
  orphan,
};

export function beginCourse(operation: Operation, surroundings: Surroundings): Course {
  return COURSES[operation](surroundings);
}

/** A store that is only asked for while the failpoint is armed. */
function ofNew({ platform, made }: Surroundings): Omit<Course, 'commands'> {
  return {
    prepare: async () => ({ id: '', name: freshName('matrix') }) as Store,
    async ask({ name }) {
      const idempotencyKey = crypto.randomUUID();
      const wanted = { name, engine: TEST_ENGINE, adminPassword: randomBytes(12).toString('hex') };
      const { store } = await insist(() => platform.client.createStore(wanted, { idempotencyKey }));
      made.add(store.id);
      return store;
    },
    awaitEnd: (store) => untilReady(platform, store),
    verify: async (store) => void (await orderInTestShop(platform, store)),
  };
}

function away(surroundings: Surroundings): Course {
  const { platform } = surroundings;
  const course = ofNew(surroundings);
  let isStopped = false;
  const goOn = async (): Promise<void> => {
    if (!isStopped) return;
    signalPart(await findPart(platform, 'kube-apiserver'), platform.home, 'SIGCONT');
    isStopped = false;
  };
  return {
    ...course,
    async ask(store) {
      const server = await findPart(platform, 'kube-apiserver');
      signalPart(server, platform.home, 'SIGSTOP');
      isStopped = true;
      return await course.ask(store);
    },
    goOn,
    letGo: goOn,
    commands: 1,
  };
}

function retry({ platform, made }: Surroundings): Course {
  return {
    async prepare() {
      await removeLateImage(platform);
      const { store } = await platform.client.createStore({ name: freshName('matrix'), engine: LATE_ENGINE });
      made.add(store.id);
      const failed = await untilStore(platform, store.id, ({ phase }) => phase === 'failed');
      // The clean-up goes on after the failure is told.
      await untilNamespaceGone(platform, store);
      return failed;
    },
    async ask(store) {
      await bringLateImage(platform);
      return await command(platform, store, '/retry');
    },
    awaitEnd: (store) => untilReady(platform, store),
    verify: async (store) => void (await orderInTestShop(platform, store)),
    commands: 2,
  };
}

interface LivingCourse extends Omit<Course, 'ask' | 'commands'> {
  readonly orderId: () => string;
}

/** A store that sells, and has an order that only the loss of its volume may take from it. */
function ofLiving({ platform, made }: Surroundings): LivingCourse {
  let orderId = '';
  return {
    async prepare() {
      const store = await makeStore(platform.client, 'matrix');
      made.add(store.id);
      orderId = await orderInTestShop(platform, store);
      return await untilStore(platform, store.id, ({ health }) => health === 'healthy');
    },
    awaitEnd: (store) => untilReady(platform, store),
    async verify(store) {
      await orderInTestShop(platform, store);
      assert.equal(await hasOrder(platform, store, orderId), true, `${store.name} has lost an order`);
    },
    orderId: () => orderId,
  };
}

function repair(surroundings: Surroundings): Course {
  const { platform } = surroundings;
  return {
    ...ofLiving(surroundings),
    async ask(store) {
      await inNamespace(platform, store, 'delete', 'statefulset', '--all', '--cascade=orphan');
      await untilMended(platform, store);
      return await command(platform, store, '/repair');
    },
    commands: 2,
  };
}

function foreignUninstall(surroundings: Surroundings): Course {
  const { platform } = surroundings;
  return {
    ...ofLiving(surroundings),
    async ask(store) {
      // What somebody's own `helm uninstall` leaves when it is cut off at its beginning.
      await inNamespace(platform, store, 'label', 'secret', '-l', 'owner=helm', 'status=uninstalling', '--overwrite');
      await inNamespace(platform, store, 'delete', 'ingress', '--all');
      return await untilMended(platform, store);
    },
    commands: 1,
  };
}

function rebuild(surroundings: Surroundings): Course {
  const { platform } = surroundings;
  const course = ofLiving(surroundings);
  return {
    ...course,
    async ask(store) {
      await platform.kubectl('delete', 'namespace', namespaceOf(store), '--wait=false');
      await untilStore(platform, store.id, ({ error }) => error?.code === 'data_lost');
      return await command(platform, store, '/repair');
    },
    async verify(store) {
      await orderInTestShop(platform, store);
      const isThere = await hasOrder(platform, store, course.orderId());
      assert.equal(isThere, false, 'the shop that was lost had not been lost at all');
    },
    commands: 2,
  };
}

function keepSecret(surroundings: Surroundings): Course {
  const { platform } = surroundings;
  return {
    ...ofLiving(surroundings),
    async ask(store) {
      await editPassword(platform, store);
      return await command(platform, store, '/repair');
    },
    commands: 2,
  };
}

function putBack(surroundings: Surroundings): Course {
  const { platform } = surroundings;
  return {
    ...ofLiving(surroundings),
    async ask(store) {
      const value = 'jsonpath={.data.password}';
      const password = await inNamespace(platform, store, 'get', 'secret', 'store-admin', '-o', value);
      await editPassword(platform, store);
      await patchAdminSecret(platform, store, { data: { password } });
      return await untilStore(platform, store.id, ({ error }) => error === null);
    },
    commands: 1,
  };
}

function resetPassword(surroundings: Surroundings): Course {
  const { platform } = surroundings;
  const { client } = platform;
  const course = ofLiving(surroundings);
  let before: Credentials | null = null;
  let asks = 0;
  return {
    ...course,
    async prepare() {
      const store = await course.prepare();
      before = await client.revealCredentials(store.id);
      return store;
    },
    async ask(store) {
      await insist(async () => {
        asks += 1;
        await client.resetCredentials(store.id);
      });
      return await client.getStore(store.id);
    },
    async verify(store) {
      await course.verify(store);
      assert.ok(before !== null);
      const now = await client.revealCredentials(store.id);
      assert.notEqual(now.password, before.password);
      const seen = await listOrderIds(platform, store, now);
      assert.ok(seen.includes(course.orderId()), 'its admin misses an order');
      await assert.rejects(listOrderIds(platform, store, before), 'the old password still opens the shop');
      // Whoever got no answer asks again: of a wish that was fulfilled meanwhile that makes another one.
      const resets = await countEvents(platform, store, 'store.credentials_reset');
      assert.ok(resets >= 1 && resets <= asks, `after ${asks} wishes ${resets} new passwords are told`);
    },
    commands: 1,
  };
}

function ofDeletion(surroundings: Surroundings): Course {
  const { platform } = surroundings;
  return {
    prepare: ofLiving(surroundings).prepare,
    ask: async ({ id }) => (await insist(() => platform.client.deleteStore(id))).store,
    awaitEnd: async ({ id }) => void (await untilStore(platform, id, ({ phase }) => phase === 'deleted')),
    verify: async () => undefined,
    commands: 2,
  };
}

function blockedDeletion(surroundings: Surroundings): Course {
  const { platform } = surroundings;
  const course = ofDeletion(surroundings);
  let held: string | null = null;
  const letGo = async (): Promise<void> => {
    if (held !== null) await letNamespaceGo(platform, held);
    held = null;
  };
  return {
    ...course,
    async prepare() {
      const store = await course.prepare();
      held = namespaceOf(store);
      await holdNamespace(platform, held);
      return store;
    },
    async goOn({ id }) {
      await untilStore(platform, id, ({ error }) => error?.code === 'deletion_delayed');
      await letGo();
    },
    letGo,
  };
}

/** A namespace under the id of a store that was deleted, so that what is told of it is in a timeline. */
function orphan(surroundings: Surroundings): Course {
  const { platform } = surroundings;
  const course = ofDeletion(surroundings);
  let tenant = '';
  return {
    ...course,
    async prepare() {
      const store = await course.prepare();
      tenant = await readTenant(platform, store);
      await removeStore(platform.client, store.id);
      return await platform.client.getStore(store.id);
    },
    async ask(store) {
      await makeStrayNamespace(platform, store.id, tenant);
      return store;
    },
    async awaitEnd(store) {
      await until('the orphan to be told as removed', CONVERGED_WITHIN_MS, async () => {
        return (await countEvents(platform, store, 'store.orphan_removed')) > 0;
      });
      await untilNamespaceGone(platform, store);
    },
    verify: async (store) => assert.equal(await countEvents(platform, store, 'store.orphan_found'), 1),
  };
}

async function untilReady(platform: Platform, { id, generation }: Store): Promise<void> {
  const isThere = (now: Store): boolean =>
    now.phase === 'ready' && now.error === null && now.observedGeneration >= generation;
  await untilStore(platform, id, isThere);
}

async function untilMended(platform: Platform, { id }: Store): Promise<Store> {
  await untilStore(platform, id, ({ health }) => health === 'degraded');
  return await untilStore(platform, id, ({ health }) => health === 'healthy');
}

/** Behind the platform's back, until it says so. */
async function editPassword(platform: Platform, store: Store): Promise<void> {
  await patchAdminSecret(platform, store, { stringData: { password: `edited-${randomBytes(6).toString('hex')}` } });
  await untilStore(platform, store.id, ({ error }) => error?.code === 'credentials_changed');
}

async function patchAdminSecret(platform: Platform, store: Store, change: object): Promise<void> {
  const patch = JSON.stringify(change);
  await inNamespace(platform, store, 'patch', 'secret', 'store-admin', '--type=merge', '-p', patch);
}

async function inNamespace(platform: Platform, store: Store, ...args: string[]): Promise<string> {
  return await platform.kubectl('-n', namespaceOf(store), ...args);
}
