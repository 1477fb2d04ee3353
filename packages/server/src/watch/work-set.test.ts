import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createWorkSet } from './work-set.ts';

const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe('a work set', () => {
  it('gives what is urgent first, and each kind in the order in which it came', () => {
    const work = createWorkSet();
    work.addRoutine(['a', 'b']);
    work.addUrgent(['c', 'd']);
    assert.deepEqual(work.takeBite(10), ['c', 'd', 'a', 'b']);
    assert.ok(work.isEmpty());
  });

  it('gives no more than was asked for, and the rest with the next bites', () => {
    const work = createWorkSet();
    work.addRoutine(numbered('r', 12));
    assert.deepEqual([work.takeBite(5).length, work.takeBite(5).length, work.takeBite(5).length], [5, 5, 2]);
    assert.deepEqual(work.takeBite(5), []);
  });

  it('holds each thing once, and makes what is routine urgent but not the other way round', () => {
    const work = createWorkSet();
    work.addRoutine(['a', 'b', 'b']);
    work.addUrgent(['b', 'b']);
    work.addRoutine(['b']);
    assert.deepEqual(work.takeBite(1), ['b']);
    assert.deepEqual(work.takeBite(9), ['a']);
  });

  it('brings what is routine to its end though something urgent never ends', () => {
    const work = createWorkSet();
    const routine = numbered('r', 20);
    work.addRoutine(routine);
    const taken: string[] = [];
    for (let bite = 0; bite < 10; bite += 1) {
      work.addUrgent(numbered(`u${bite}-`, 20));
      taken.push(...work.takeBite(10));
    }
    assert.deepEqual(
      taken.filter((id) => id.startsWith('r')),
      routine,
    );
    assert.equal(taken.length, 100);
  });
});
