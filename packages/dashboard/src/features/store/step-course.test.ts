import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event, EventType } from '@souk/contract';
import { readCourse } from './step-course.ts';

const T0 = Date.parse('2026-05-01T10:00:00.000Z');
let cursor = 0;

function event(type: EventType, atMs: number, step: string | null = null, durationMs: number | null = null): Event {
  cursor += 1;
  const at = new Date(T0 + atMs).toISOString();
  return {
    ...{
      id: `evt_${cursor}`,
      cursor: `1.${cursor}`,
      storeId: 'sto_0000000000',
      actor: 'worker',
      message: '',
      details: {},
    },
    ...{ type, at, step, durationMs },
  };
}

test('each step is placed where it began and as long as it took', () => {
  const { steps } = readCourse({ phase: 'ready' }, [
    event('store.requested', 0),
    event('store.step_started', 100, 'ensureNamespace'),
    event('store.step_completed', 400, 'ensureNamespace', 300),
    event('store.step_completed', 900, 'ensureGuardrails', 450),
  ]);
  assert.deepEqual(
    steps.slice(0, 3).map(({ state, startMs, durationMs }) => [state, startMs, durationMs]),
    [
      ['done', 100, 300],
      ['done', 450, 450],
      ['waiting', null, null],
    ],
  );
});

test('a step that has begun and not ended runs, in a failed store it is what failed', () => {
  const events = [event('store.requested', 0), event('store.step_started', 50, 'awaitWorkloads')];
  const stateIn = (phase: 'provisioning' | 'failed') =>
    readCourse({ phase }, events).steps.find(({ step }) => step === 'awaitWorkloads')?.state;
  assert.equal(stateIn('provisioning'), 'running');
  assert.equal(stateIn('failed'), 'failed');
});

test('a second try begins a new course: what the first one did does not count', () => {
  const { beganAt, steps } = readCourse({ phase: 'provisioning' }, [
    event('store.requested', 0),
    event('store.step_completed', 500, 'ensureNamespace', 100),
    event('store.retry_requested', 60_000),
    event('store.step_started', 60_200, 'ensureNamespace'),
  ]);
  assert.equal(beganAt, new Date(T0 + 60_000).toISOString());
  assert.deepEqual([steps[0]?.state, steps[0]?.startMs], ['running', 200]);
});

test('a store that is being deleted shows the way out, not the way in', () => {
  const { steps } = readCourse({ phase: 'deleting' }, [
    event('store.requested', 0),
    event('store.step_completed', 500, 'ensureNamespace', 100),
    event('store.deletion_requested', 9_000),
    event('store.step_completed', 9_300, 'removeRoute', 200),
  ]);
  assert.deepEqual(
    steps.map(({ step, state }) => [step, state]),
    [
      ['removeRoute', 'done'],
      ['uninstallRelease', 'waiting'],
      ['deleteNamespace', 'waiting'],
      ['confirmGone', 'waiting'],
    ],
  );
});
