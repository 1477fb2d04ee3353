import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FastifyRequest } from 'fastify';
import { waitUntil } from '../db/wait-until.ts';
import { createLastingAccess } from './lasting-access.ts';

const request = {} as FastifyRequest;

function watchWith(welcome: () => boolean, lookEveryMs: number) {
  const listeners = new Set<(id: string | null) => void>();
  let looks = 0;
  let ends = 0;
  const auth = {
    callerOf: () => null,
    findActorOf: () => null,
    isStillWelcome: async () => {
      looks += 1;
      return welcome();
    },
  };
  const hub = {
    onAccessLost: (listener: (id: string | null) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const stop = createLastingAccess(auth, hub, lookEveryMs).watch(request, () => {
    ends += 1;
  });
  return {
    stop,
    tell: (id: string | null) => listeners.forEach((listen) => void listen(id)),
    listeners,
    counts: () => ({ looks, ends }),
  };
}

test('what merely runs out is found at the next look, once', async () => {
  let isWelcome = true;
  const { counts, listeners } = watchWith(() => isWelcome, 10);
  await waitUntil('it looked again and again', () => counts().looks >= 3);
  assert.equal(counts().ends, 0);
  isWelcome = false;
  await waitUntil('it ended', () => counts().ends === 1);
  const { looks } = counts();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(counts(), { looks, ends: 1 }, 'nobody looks any more');
  assert.equal(listeners.size, 0);
});

test('a right that goes while the answer begins, or while notifications were lost, is found', async () => {
  const gone = watchWith(() => false, 60_000);
  await waitUntil('it ended', () => gone.counts().ends === 1);
  let isWelcome = true;
  const later = watchWith(() => isWelcome, 60_000);
  await waitUntil('it looked', () => later.counts().looks === 1);
  isWelcome = false;
  later.tell('per_of-somebody-else');
  assert.equal(later.counts().looks, 1);
  later.tell(null);
  await waitUntil('it ended', () => later.counts().ends === 1);
});

test('an answer that ended by itself is watched no longer', async () => {
  const { stop, tell, counts } = watchWith(() => true, 10);
  stop();
  const { looks } = counts();
  tell(null);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(counts().looks, looks);
});
