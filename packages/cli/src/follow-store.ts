// Watches a store until it gets where it was sent: one line for each step that ends, and for people a moving line for the one
// that runs. Follows the event stream from a cursor taken before the command, so that nothing is missed however fast it goes.
import { type Event, isRefusal, placeOfStep, type SoukClient, type Store } from '@souk/contract';
import { CommandError, EXIT } from './exit-code.ts';
import type { Terminal } from './output/terminal.ts';
import { formatDuration } from './output/words.ts';

export interface Following {
  readonly client: SoukClient;
  readonly store: Store;
  /** Taken before the command was sent. */
  readonly cursor: string;
  readonly goal: 'ready' | 'deleted';
  readonly timeoutMs: number;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** Without lines, for `--json`. */
  readonly isQuiet: boolean;
}

export async function currentCursor(client: SoukClient): Promise<string> {
  return (await client.listStores({ limit: 1 })).cursor;
}

/** The store as it is at the goal. Throws when it fails on the way or time runs out. */
export async function followStore(following: Following): Promise<Store> {
  const { client, store, goal, timeoutMs, signal } = following;
  const timeout = AbortSignal.timeout(timeoutMs);
  const progress = new Progress(following);
  try {
    const events = client.streamEvents({
      after: following.cursor,
      store: store.id,
      signal: AbortSignal.any([timeout, signal]),
      patienceMs: timeoutMs,
      onConnection: (isConnected) => progress.setConnected(isConnected),
    });
    for await (const event of events) {
      progress.show(event);
      if (TURNING_POINTS.has(event.type)) {
        // An event may be left over from an earlier try; the store itself says where it is now.
        const now = await client.getStore(store.id, { signal });
        if (now.phase === goal && now.observedGeneration >= store.generation) {
          if (now.error !== null) throw inNeed(now, now.error.message);
          return now;
        }
        if (goal === 'ready' && isHopeless(now)) throw hopeless(now);
      }
    }
    throw new Error('the event stream ended');
  } catch (error) {
    if (isRefusal(error, 'cursor_expired'))
      return await followStore({ ...following, cursor: await currentCursor(client) });
    if (timeout.aborted) throw tooLate(store, goal, timeoutMs);
    throw error;
  } finally {
    progress.end();
  }
}

const TURNING_POINTS: ReadonlySet<Event['type']> = new Set([
  'store.ready',
  'store.repaired',
  'store.repair_needed',
  'store.deleted',
  'store.provisioning_failed',
]);

function inNeed({ name }: Store, message: string): CommandError {
  const remedy = `"souk store events ${name}" tells the whole story; "souk store repair ${name}" agrees to it`;
  return new CommandError(EXIT.failure, `${name} could not be repaired: ${message}`, remedy);
}

function isHopeless({ phase }: Store): boolean {
  return phase === 'failed' || phase === 'deleting' || phase === 'deleted';
}

function hopeless(store: Store): CommandError {
  if (store.phase !== 'failed') {
    return new CommandError(
      EXIT.conflict,
      `${store.name} is ${store.phase}`,
      'somebody deletes it; create it anew afterwards',
    );
  }
  const { step, message } = store.error ?? { step: null, message: 'no reason was recorded' };
  return new CommandError(
    EXIT.failure,
    `${store.name} could not be made${step === null ? '' : ` (${step})`}: ${message}`,
    `"souk store events ${store.name}" tells the whole story, "souk store retry ${store.name}" tries again`,
  );
}

function tooLate(store: Store, goal: string, timeoutMs: number): CommandError {
  return new CommandError(
    EXIT.timeout,
    `${store.name} is not ${goal} after ${formatDuration(timeoutMs)}; the platform goes on working on it`,
    `"souk store events ${store.name} --follow" shows how far it is`,
  );
}

const REDRAW_MS = 100;

class Progress {
  readonly #following: Following;
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout | undefined;
  #running: { readonly label: string; readonly since: number } | null = null;
  #isConnected = true;

  constructor(following: Following) {
    this.#following = following;
    const { terminal, isQuiet } = following;
    if (terminal.isLive && !isQuiet) this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
  }

  show(event: Event): void {
    const { terminal, isQuiet } = this.#following;
    if (isQuiet) return;
    const place = event.step === null ? null : placeOfStep(event.step);
    const label = `${place === null ? '' : `${place.position} of ${place.of} · `}${event.message}`;
    const took = event.durationMs === null ? '' : ` · ${formatDuration(event.durationMs)}`;
    switch (event.type) {
      case 'store.step_started':
        this.#running = { label, since: performance.now() };
        break;
      case 'store.step_completed':
        this.#running = null;
        terminal.note(`  ${terminal.paintNote('green', '✓')} ${label}${terminal.paintNote('dim', took)}`);
        break;
      case 'store.step_failed':
        this.#running = null;
        terminal.note(`  ${terminal.paintNote('red', '✗')} ${label}${terminal.paintNote('dim', took)}`);
        break;
      case 'store.deletion_delayed':
      case 'store.worker_lost':
      case 'store.diagnosis_recorded':
        terminal.note(`  ${terminal.paintNote('yellow', '!')} ${event.message}`);
        break;
      default:
        break;
    }
    this.#draw();
  }

  setConnected(isConnected: boolean): void {
    this.#isConnected = isConnected;
  }

  end(): void {
    clearInterval(this.#timer);
    this.#following.terminal.setLiveLine('');
  }

  #draw(): void {
    const { terminal } = this.#following;
    if (!this.#isConnected) {
      terminal.setLiveLine('  … the platform does not answer; waiting for it');
      return;
    }
    const now = performance.now();
    const { label, since } = this.#running ?? { label: 'waiting for a worker', since: this.#startedAt };
    terminal.setLiveLine(`  … ${label} · ${formatDuration(now - since)}`);
  }
}
