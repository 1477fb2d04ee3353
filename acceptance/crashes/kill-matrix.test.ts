// A process that dies or stands still at any failpoint costs time and nothing else. Each case arms one, lets whoever gets there die
// (or stop past its lease, and then go on), waits until the platform has come to rest, and asks the one checker.
//
//   SOUK_MATRIX=all SOUK_SEED=20 SOUK_MATRIX_FROM=57   the whole matrix, from the 57th case on
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { isRefusal, type Store } from '@souk/contract';
import { bringLateImage, LATE_ENGINE, removeLateImage } from '../brought-images.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { awaitPhase, freshName, makeStore, namespaceOf, removeStore, TEST_ENGINE } from '../stores.ts';
import { orderInTestShop } from '../test-shop.ts';
import { findTraces } from '../traces.ts';
import { until } from '../until.ts';
import { awaitRest, checkTimeline } from './check-world.ts';
import { arm, awaitLoss, disarmAll, listFailpoints } from './failpoints.ts';
import { allCells, type Cell, effectOf, OF_FAILURE, sampleCells, unplaced } from './matrix.ts';
import { awaitAllReady } from './parts.ts';
import { SEED, SEED_NOTE } from './seeds.ts';

const FROM = Number(process.env.SOUK_MATRIX_FROM ?? 1);
const IS_WHOLE = process.env.SOUK_MATRIX === 'all';
// A line a case, so that a run that was cut tells from where to go on.
const TABLE = process.env.SOUK_MATRIX_TABLE;
const SAMPLE = 6;
const REACHED_WITHIN_MS = 60_000;
// Cases are crashed one at a time; their stores are made and removed together, which is most of the time otherwise. A tenant of
// the tests may have eight.
const BATCH = 4;
const CONVERGED_WITHIN_MS = 60_000;

const whyNot = whyNoPlatform();
const failpoints = whyNot === false ? await listFailpoints() : [];
const every = allCells(failpoints, SEED);
const cells = IS_WHOLE ? every : sampleCells(every, SAMPLE);

interface Result extends Cell {
  readonly number: number;
  /** From the death, or from when the stopped one goes on, until all is at rest. */
  readonly convergedMs: number;
}

describe(`the kill matrix, ${cells.length} of ${every.length} cases (seed ${SEED})`, { skip: whyNot }, () => {
  let platform: Platform;
  const made = new Set<string>();
  const prepared = new Map<number, Promise<Store>>();
  const ended: Store[] = [];
  const results: Result[] = [];
  before(async () => {
    platform = connectToPlatform();
    await disarmAll(platform);
    if (TABLE !== undefined && FROM === 1) await writeFile(TABLE, `kill matrix, seed ${SEED}\n${HEAD}\n`);
  });
  after(async () => {
    await disarmAll(platform);
    await awaitAllReady(platform);
    await removeLateImage(platform);
    await Promise.all([...made].map((id) => removeStore(platform.client, id)));
    platform.close();
    console.log([HEAD, ...results.map(lineOf)].join('\n'));
  });

  it('has a place, or a reason, for every failpoint of the code', (t) => {
    t.diagnostic(SEED_NOTE);
    assert.deepEqual(unplaced(failpoints), []);
  });

  for (const [index, cell] of cells.entries()) {
    const number = index + 1;
    if (number < FROM) continue;
    const { operation, failpoint, action } = cell;
    it(`${number}: ${operation}, ${action} ${failpoint}`, { timeout: 300_000 }, async () => {
      await awaitAllReady(platform);
      await disarmAll(platform);
      await prepareBatch(index);
      const convergedMs = await runCell(cell, await prepared.get(index));
      const result = { ...cell, number, convergedMs };
      results.push(result);
      if (TABLE !== undefined) await appendFile(TABLE, `${lineOf(result)}\n`);
      assert.ok(convergedMs <= CONVERGED_WITHIN_MS, `it converged only after ${Math.round(convergedMs)} ms`);
      if (endOfBatch(index) === index + 1) await removeEnded();
    });
  }

  /** Makes the stores of this case and of those up to the end of its batch, while nothing is armed. */
  async function prepareBatch(index: number): Promise<void> {
    for (const [offset, cell] of cells.slice(index, endOfBatch(index)).entries()) {
      if (needsStore(cell) && !prepared.has(index + offset)) prepared.set(index + offset, prepare(cell));
    }
    // One that cannot be made is told by its own case.
    await Promise.allSettled(prepared.values());
  }

  /** Milliseconds until all is at rest; throws where it rests wrongly. */
  async function runCell(cell: Cell, store: Store | undefined): Promise<number> {
    const { operation, failpoint, action } = cell;
    await arm(platform, failpoint, action);
    const asked = store === undefined ? prepare(cell) : operate(cell, store);
    // A rejection is told by the await below; until then nobody may take it for unhandled.
    asked.catch(() => undefined);
    await awaitLoss(platform, failpoint, action, REACHED_WITHIN_MS);
    const startedAt = performance.now();
    const first = await asked;
    const last = store === undefined ? await operate(cell, first) : first;
    await awaitEnd(cell, last);
    const tookMs = performance.now() - startedAt;
    if (operation !== 'delete') await orderInTestShop(platform, await platform.client.getStore(last.id));
    ended.push(last);
    return tookMs;
  }

  /** Nothing may be left of the stores whose cases went well, and their timelines must be whole. */
  async function removeEnded(): Promise<void> {
    const stores = ended.splice(0);
    await Promise.all(stores.map(({ id }) => removeStore(platform.client, id)));
    for (const store of stores) {
      made.delete(store.id);
      assert.deepEqual(await findTraces(platform, store), [], store.name);
      assert.deepEqual(await checkTimeline(platform, await platform.client.getStore(store.id)), []);
    }
  }

  /** The store as it must be before the operation. */
  async function prepare({ operation }: Cell): Promise<Store> {
    if (operation === 'create') {
      return { id: '', name: freshName('matrix') } as Store;
    }
    if (operation !== 'retry') {
      const store = await makeStore(platform.client, 'matrix');
      made.add(store.id);
      return await untilStore(store.id, ({ health }) => health === 'healthy');
    }
    await removeLateImage(platform);
    const { store } = await platform.client.createStore({ name: freshName('matrix'), engine: LATE_ENGINE });
    made.add(store.id);
    const failed = await untilStore(store.id, ({ phase }) => phase === 'failed');
    // The clean-up goes on after the failure is told.
    await until('the failed create to be cleaned up', CONVERGED_WITHIN_MS, async () => {
      return (
        (await platform.kubectl('get', 'namespace', namespaceOf(store), '--ignore-not-found', '-o', 'name')) === ''
      );
    });
    return failed;
  }

  /** Asks for it, again and again under one key while nobody answers, and where a person must agree, agrees. */
  async function operate({ operation }: Cell, store: Store): Promise<Store> {
    const { client } = platform;
    switch (operation) {
      case 'create': {
        const idempotencyKey = crypto.randomUUID();
        const wanted = { name: store.name, engine: TEST_ENGINE, adminPassword: randomBytes(12).toString('hex') };
        const created = await insist(() => client.createStore(wanted, { idempotencyKey }));
        made.add(created.store.id);
        return created.store;
      }
      case 'retry':
        await bringLateImage(platform);
        return await command(store, '/retry');
      case 'repair':
        await platform.kubectl('-n', namespaceOf(store), 'delete', 'statefulset', '--all', '--cascade=orphan');
        await untilStore(store.id, ({ health }) => health === 'degraded');
        await untilStore(store.id, ({ health }) => health === 'healthy');
        return await command(store, '/repair');
      case 'rebuild':
        await platform.kubectl('delete', 'namespace', namespaceOf(store), '--wait=false');
        await untilStore(store.id, ({ error }) => error?.code === 'data_lost');
        return await command(store, '/repair');
      case 'keep-secret': {
        const patch = JSON.stringify({ stringData: { password: `edited-${randomBytes(6).toString('hex')}` } });
        await platform.kubectl('-n', namespaceOf(store), 'patch', 'secret', 'store-admin', '--type=merge', '-p', patch);
        await untilStore(store.id, ({ error }) => error?.code === 'credentials_changed');
        return await command(store, '/repair');
      }
      case 'delete':
        return (await insist(() => client.deleteStore(store.id))).store;
    }
  }

  /** POST under an idempotency key, repeated until it is answered: it must take effect exactly once. */
  async function command(store: Store, path: string): Promise<Store> {
    const headers = { authorization: `Bearer ${platform.token}`, 'idempotency-key': crypto.randomUUID() };
    return await insist(async () => {
      const answer = await platform.send(`/api/v1/stores/${store.id}${path}`, { method: 'POST', headers });
      assert.equal(answer.status, 202, answer.text);
      return (answer.json() as { store: Store }).store;
    });
  }

  async function insist<T>(ask: () => Promise<T>): Promise<T> {
    const giveUpAt = performance.now() + CONVERGED_WITHIN_MS;
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        const isFinal =
          isRefusal(error, 'name_taken') || isRefusal(error, 'not_repairable') || isRefusal(error, 'not_retryable');
        if (isFinal || performance.now() > giveUpAt) throw error;
        await delay(200);
      }
    }
  }

  async function awaitEnd({ operation }: Cell, { id, generation }: Store): Promise<void> {
    if (operation === 'delete') {
      await awaitPhase(platform.client, id, 'deleted', CONVERGED_WITHIN_MS);
    } else {
      await untilStore(
        id,
        (now) => now.phase === 'ready' && now.error === null && now.observedGeneration >= generation,
      );
    }
    await awaitRest(platform, CONVERGED_WITHIN_MS);
  }

  async function untilStore(id: string, isRight: (store: Store) => boolean): Promise<Store> {
    let last: Store | null = null;
    return await until(`${id} to get there`, CONVERGED_WITHIN_MS, async () => {
      last = await platform.client.getStore(id);
      return isRight(last) ? last : null;
    }).catch((cause: unknown) => {
      throw new Error(`${id} is ${JSON.stringify(last)}`, { cause });
    });
  }
});

/** Index after the last case of this one's batch. */
function endOfBatch(index: number): number {
  return Math.min(cells.length, (Math.floor(index / BATCH) + 1) * BATCH);
}

/** Failures that a retry answers are crashed while the store is being made. */
function needsStore({ failpoint }: Cell): boolean {
  return !OF_FAILURE.includes(effectOf(failpoint));
}

const HEAD = 'case operation    signal failpoint                       at rest after';

function lineOf({ number, operation, action, failpoint, convergedMs }: Result): string {
  const columns = [String(number).padStart(4), operation.padEnd(12), action.padEnd(6), failpoint.padEnd(31)];
  return [...columns, `${(convergedMs / 1000).toFixed(1)} s`].join(' ');
}
