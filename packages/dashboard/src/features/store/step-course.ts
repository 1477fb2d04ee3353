// The course of a store's last way, read from its events: which step took how long, which one runs, which is still to come. Pure.
import { BRING_UP_STEPS, type Event, type Store, TEAR_DOWN_STEPS } from '@souk/contract';

export interface CourseStep {
  readonly step: string;
  readonly state: 'done' | 'running' | 'failed' | 'waiting';
  /** From the beginning of the way; null for what has not begun. */
  readonly startMs: number | null;
  /** Null for what runs or has not begun. */
  readonly durationMs: number | null;
  readonly startedAt: string | null;
}

export interface Course {
  readonly steps: readonly CourseStep[];
  readonly beganAt: string | null;
}

const BEGINNINGS: ReadonlySet<Event['type']> = new Set([
  'store.requested',
  'store.retry_requested',
  'store.drift_detected',
  'store.deletion_requested',
]);

export function readCourse(store: Pick<Store, 'phase'>, events: readonly Event[]): Course {
  const isGoing = store.phase === 'deleting' || store.phase === 'deleted';
  const names: readonly string[] = isGoing ? TEAR_DOWN_STEPS : BRING_UP_STEPS;
  const begin = events.findLastIndex(({ type }) =>
    isGoing ? type === 'store.deletion_requested' : BEGINNINGS.has(type),
  );
  const way = events.slice(Math.max(0, begin));
  const beganAt = way[0]?.at ?? null;
  const origin = beganAt === null ? 0 : Date.parse(beganAt);
  const hasFailed = store.phase === 'failed';
  return { beganAt, steps: names.map((step) => readStep(step, way, origin, hasFailed)) };
}

function readStep(step: string, way: readonly Event[], origin: number, hasFailed: boolean): CourseStep {
  const own = way.filter((event) => event.step === step);
  const first = own.find(({ type }) => type === 'store.step_started');
  const completed = own.findLast(({ type }) => type === 'store.step_completed');
  const failed = own.findLast(({ type }) => type === 'store.step_failed' || type === 'store.provisioning_failed');
  const end = completed ?? (hasFailed ? failed : undefined);
  const startedAt = first?.at ?? (end === undefined ? null : before(end));
  if (startedAt === null) return { step, state: 'waiting', startMs: null, durationMs: null, startedAt };
  const startMs = Math.max(0, Date.parse(startedAt) - origin);
  if (end === undefined) {
    return { step, state: hasFailed ? 'failed' : 'running', startMs, durationMs: null, startedAt };
  }
  // A step that waited is told once by its beginning and once by its end; the attempts between are its own affair.
  const durationMs = Math.max(end.durationMs ?? 0, Date.parse(end.at) - Date.parse(startedAt));
  return { step, state: completed === undefined ? 'failed' : 'done', startMs, durationMs, startedAt };
}

const before = ({ at, durationMs }: Event): string => new Date(Date.parse(at) - (durationMs ?? 0)).toISOString();
