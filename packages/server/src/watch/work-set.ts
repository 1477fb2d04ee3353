// What waits to be looked at, each of it once and in the order in which it came: what something happened to before what only somebody
// wants looked at who looks at everything.

// Of each bite a fifth is left for routine, so that it comes to its end however much happens meanwhile.
const ROUTINE_SHARE = 1 / 5;

export interface WorkSet {
  addUrgent(ids: Iterable<string>): void;
  /** What waits already, urgent or not, keeps its place. */
  addRoutine(ids: Iterable<string>): void;
  /** Takes the next ones out, the urgent ones first. */
  takeBite(most: number): readonly string[];
  isEmpty(): boolean;
}

export function createWorkSet(): WorkSet {
  const urgent = new Set<string>();
  const routine = new Set<string>();
  return {
    addUrgent(ids) {
      for (const id of ids) {
        routine.delete(id);
        urgent.add(id);
      }
    },
    addRoutine(ids) {
      for (const id of ids) {
        if (!urgent.has(id)) {
          routine.add(id);
        }
      }
    },
    takeBite(most) {
      const left = Math.min(routine.size, Math.floor(most * ROUTINE_SHARE));
      const bite = takeFrom(urgent, most - left);
      return [...bite, ...takeFrom(routine, most - bite.length)];
    },
    isEmpty: () => urgent.size === 0 && routine.size === 0,
  };
}

function takeFrom(ids: Set<string>, most: number): readonly string[] {
  const taken: string[] = [];
  for (const id of ids) {
    if (taken.length === most) {
      break;
    }
    ids.delete(id);
    taken.push(id);
  }
  return taken;
}
