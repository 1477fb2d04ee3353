// Which events of a timeline tell a second time what was told already.
import type { Event } from '@souk/contract';

type EventType = Event['type'];

/** Each of them raises the generation of its store by one. */
export const COMMANDS: readonly EventType[] = [
  'store.requested',
  'store.retry_requested',
  'store.repair_requested',
  'store.deletion_requested',
];

/** After which events the same may be told again; never after none. Null: each is an occasion of its own, as steps of attempts are. */
const TOLD_AGAIN_AFTER: Readonly<Record<EventType, readonly EventType[] | null>> = {
  'store.requested': [],
  'store.step_started': null,
  'store.step_completed': null,
  'store.step_failed': null,
  'store.provisioning_started': ['store.retry_requested'],
  // One that only stood still goes on, and may be lost again with what is asked for next.
  'store.worker_lost': ['store.retry_requested', 'store.repair_requested', 'store.deletion_requested'],
  'store.ready': ['store.repair_started'],
  'store.provisioning_failed': ['store.retry_requested', 'store.repair_started'],
  'store.diagnosis_recorded': ['store.retry_requested', 'store.repair_started'],
  'store.retry_requested': ['store.provisioning_failed'],
  'store.repair_requested': ['store.repaired', 'store.repair_started', 'store.repair_needed'],
  'store.repair_started': ['store.repair_requested'],
  'store.repair_needed': ['store.repair_requested', 'store.repaired'],
  'store.repaired': ['store.drift_detected', 'store.repair_requested'],
  'store.deletion_requested': [],
  'store.deletion_delayed': ['store.deletion_delayed'],
  'store.deleted': [],
  'store.health_changed': ['store.health_changed', 'store.ready', 'store.repair_started'],
  'store.drift_detected': ['store.drift_detected', 'store.health_changed', 'store.repaired'],
  'store.orphan_found': [],
  'store.orphan_removed': [],
  'store.credentials_revealed': null,
  'store.credentials_reset': null,
};

/** Tells apart what events of one type are about. */
function subjectOf({ type, message, details }: Event): unknown {
  switch (type) {
    case 'store.worker_lost':
      return details.worker;
    case 'store.health_changed':
      return details.health;
    case 'store.repair_needed':
      return details.code;
    case 'store.orphan_found':
    case 'store.orphan_removed':
      return details.uid;
    case 'store.drift_detected':
    case 'store.deletion_delayed':
      return message;
    default:
      return null;
  }
}

export function findTwiceTold(events: readonly Event[]): readonly Event[] {
  const lastTold = new Map<string, number>();
  return events.filter((event, index) => {
    const subject = `${event.type} ${subjectOf(event)}`;
    const before = lastTold.get(subject);
    lastTold.set(subject, index);
    const renewals = TOLD_AGAIN_AFTER[event.type];
    if (before === undefined || renewals === null) return false;
    return !events.slice(before + 1, index).some(({ type }) => renewals.includes(type));
  });
}
