// What the events of one store must say, in their order: every turn of its life once, and nothing that was not.
import assert from 'node:assert/strict';
import type { Takeover } from './test-platform.ts';

export interface ToldEvent {
  readonly type: string;
  readonly actor: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

interface Life {
  /** As its row says it in the end. */
  readonly phase: string;
  readonly takeovers: readonly Takeover[];
}

/** Event → the phases that it may come in, and the phase that it leads to. */
const TURNS: Readonly<Record<string, readonly [from: readonly string[], to: string]>> = {
  'store.requested': [['unheard of'], 'requested'],
  'store.provisioning_started': [['requested', 'failed'], 'provisioning'],
  'store.ready': [['provisioning'], 'ready'],
  'store.provisioning_failed': [['provisioning'], 'failed'],
  // Its data is lost and somebody agreed to that: it is built anew.
  'store.repair_started': [['ready'], 'provisioning'],
  'store.deleted': [['requested', 'provisioning', 'ready', 'failed'], 'deleted'],
};

export function assertToldOnce(events: readonly ToldEvent[], life: Life): void {
  const story = events.map(({ type }) => type).join(', ');
  let phase = 'unheard of';
  let health: unknown = null;
  for (const { type, details } of events) {
    const turn = TURNS[type];
    if (turn !== undefined) {
      const [from, to] = turn;
      assert.ok(from.includes(phase), `${type} was told of a store that was ${phase}: ${story}`);
      phase = to;
      health = null;
    } else if (type === 'store.health_changed') {
      assert.notEqual(details.health, health, `the same health was told twice: ${story}`);
      health = details.health;
    }
  }
  assert.equal(phase, life.phase, story);
  const once = events.filter(({ type }) => type === 'store.deletion_requested').length;
  assert.ok(once <= 1, story);
  assertTakeovers(events, life.takeovers);
}

/** Each worker that was lost is told of once, by whoever went on with its work. */
function assertTakeovers(events: readonly ToldEvent[], takeovers: readonly Takeover[]): void {
  const told = events
    .filter(({ type }) => type === 'store.worker_lost')
    .map(({ actor, details }) => `${details.worker} → ${actor}`);
  const all = takeovers.map(({ from, by }) => `${from} → ${by}`);
  const certain = takeovers.filter(({ isCertain }) => isCertain).map(({ from, by }) => `${from} → ${by}`);
  assert.equal(new Set(told).size, told.length, `a takeover was told twice: ${told.join(', ')}`);
  assert.deepEqual(
    told.filter((line) => !all.includes(line)),
    [],
    'a takeover was told that was none',
  );
  assert.deepEqual(
    certain.filter((line) => !told.includes(line)),
    [],
    'a takeover was not told',
  );
}
