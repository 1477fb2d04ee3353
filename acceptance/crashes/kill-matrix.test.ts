// A process that dies or stands still at any failpoint costs time and nothing else. Each case arms one, lets whoever gets there die
// (or stop past its lease, and then go on), waits until the platform has come to rest, and asks the one checker.
//
//   SOUK_MATRIX=all SOUK_SEED=20 SOUK_MATRIX_FROM=57   the whole matrix, from the 57th case on
//   SOUK_MATRIX=away,mark-failed                       every case of these operations or effects
import assert from 'node:assert/strict';
import { appendFile, writeFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import type { Store } from '@souk/contract';
import { removeLateImage } from '../brought-images.ts';
import { connectToPlatform, type Platform, whyNoPlatform } from '../platform.ts';
import { removeStore } from '../stores.ts';
import { findTraces } from '../traces.ts';
import { awaitRest, checkTimeline } from './check-world.ts';
import { arm, awaitLoss, disarmAll, listFailpoints } from './failpoints.ts';
import { CONVERGED_WITHIN_MS } from './insist.ts';
import { allCells, type Cell, effectOf, OF_FAILURE, sampleCells, unplaced } from './matrix.ts';
import { beginCourse, type Course } from './operations.ts';
import { awaitAllReady } from './parts.ts';
import { SEED, SEED_NOTE } from './seeds.ts';

const FROM = Number(process.env.SOUK_MATRIX_FROM ?? 1);
const WANTED = process.env.SOUK_MATRIX?.split(',');
// A line a case, so that a run that was cut tells from where to go on.
const TABLE = process.env.SOUK_MATRIX_TABLE;
const SAMPLE = 6;
// In the table; the failure itself tells all of it.
const REASON_SHOWN = 160;
const REACHED_WITHIN_MS = 60_000;
// Cases are crashed one at a time; their stores are made and removed together, which is most of the time otherwise. A tenant of
// the tests may have eight.
const BATCH = 4;

const whyNot = whyNoPlatform();
const failpoints = whyNot === false ? await listFailpoints() : [];
const every = allCells(failpoints, SEED);
const cells =
  WANTED === undefined
    ? sampleCells(every, SAMPLE)
    : every.filter(({ operation, failpoint }) =>
        ['all', operation, effectOf(failpoint)].some((word) => WANTED.includes(word)),
      );

interface Prepared {
  readonly course: Course;
  readonly store: Store;
}

describe(`the kill matrix, ${cells.length} of ${every.length} cases (seed ${SEED})`, { skip: whyNot }, () => {
  let platform: Platform;
  const made = new Set<string>();
  const prepared = new Map<number, Promise<Prepared>>();
  const ended: Store[] = [];
  const lines: string[] = [];
  before(async () => {
    platform = connectToPlatform();
    await disarmAll(platform);
    if (TABLE !== undefined && FROM === 1) await writeFile(TABLE, `kill matrix, seed ${SEED}\n${HEAD}\n`);
  });
  after(async () => {
    await disarmAll(platform);
    await awaitAllReady(platform);
    await removeLateImage(platform);
    await Promise.all([...prepared.values()].map(letGo));
    await Promise.all([...made].map((id) => removeStore(platform.client, id)));
    platform.close();
    console.log([HEAD, ...lines].join('\n'));
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
      await inTable(`${String(number).padStart(4)} ${describeCell(cell)}`, async () => {
        await awaitAllReady(platform);
        await disarmAll(platform);
        await prepareBatch(index);
        const convergedMs = await runCell(cell, await (prepared.get(index) ?? null));
        const seconds = `${(convergedMs / 1000).toFixed(1)} s`;
        assert.ok(convergedMs <= CONVERGED_WITHIN_MS, `it converged only after ${seconds}`);
        return seconds;
      });
      if (endOfBatch(index) === index + 1) {
        await inTable(`     stores of the cases up to ${number}`, async () => {
          await removeEnded();
          return null;
        });
      }
    });
  }

  /** One line for how it went, above all where it went wrong; none for null. */
  async function inTable(head: string, act: () => Promise<string | null>): Promise<void> {
    const write = async (end: string): Promise<void> => {
      lines.push(`${head} ${end}`);
      if (TABLE !== undefined) await appendFile(TABLE, `${head} ${end}\n`);
    };
    try {
      const end = await act();
      if (end !== null) await write(end);
    } catch (error) {
      await write(`FAILED: ${String(error).split('\n', 1)[0]?.slice(0, REASON_SHOWN)}`);
      throw error;
    }
  }

  /** Makes the stores of this case and of those up to the end of its batch, while nothing is armed. */
  async function prepareBatch(index: number): Promise<void> {
    for (const [offset, cell] of cells.slice(index, endOfBatch(index)).entries()) {
      if (needsStore(cell) && !prepared.has(index + offset)) prepared.set(index + offset, prepare(cell));
    }
    // One that cannot be made is told by its own case.
    await Promise.allSettled(prepared.values());
  }

  async function prepare({ operation }: Cell): Promise<Prepared> {
    const course = beginCourse(operation, { platform, made });
    return { course, store: await course.prepare() };
  }

  async function letGo(one: Promise<Prepared>): Promise<void> {
    // One that could not be prepared was told by its case.
    const { course } = await one.catch(() => ({ course: null }));
    await course?.letGo?.();
  }

  /** Milliseconds until all is at rest; throws where it rests wrongly. */
  async function runCell(cell: Cell, before: Prepared | null): Promise<number> {
    const { operation, failpoint, action } = cell;
    const course = before?.course ?? beginCourse(operation, { platform, made });
    let store = before?.store ?? null;
    try {
      await arm(platform, failpoint, action);
      const asked = store === null ? course.prepare() : course.ask(store);
      // A rejection is told by the await below; until then nobody may take it for unhandled.
      asked.catch(() => undefined);
      await awaitLoss(platform, failpoint, action, REACHED_WITHIN_MS);
      const startedAt = performance.now();
      const first = await asked;
      store = store === null ? await course.ask(first) : first;
      await course.goOn?.(store);
      await course.awaitEnd(store);
      await awaitRest(platform, CONVERGED_WITHIN_MS);
      const tookMs = performance.now() - startedAt;
      await course.verify(store);
      const { generation } = await platform.client.getStore(store.id);
      assert.equal(generation, course.commands, 'a command was obeyed twice, or never');
      ended.push(store);
      return tookMs;
    } catch (error) {
      await course.letGo?.();
      // What is wrong with this store must not be told by every case that follows; its timeline stays.
      if (store !== null && made.delete(store.id)) await removeStore(platform.client, store.id).catch(() => undefined);
      throw error;
    }
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
});

/** Index after the last case of this one's batch. */
function endOfBatch(index: number): number {
  return Math.min(cells.length, (Math.floor(index / BATCH) + 1) * BATCH);
}

/** Failures that a retry answers are crashed while the store is being made. */
function needsStore({ failpoint }: Cell): boolean {
  return !OF_FAILURE.includes(effectOf(failpoint));
}

const HEAD = 'case operation         signal failpoint                       at rest after';

function describeCell({ operation, action, failpoint }: Cell): string {
  return [operation.padEnd(17), action.padEnd(6), failpoint.padEnd(31)].join(' ');
}
