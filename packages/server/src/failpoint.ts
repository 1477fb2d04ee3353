// Named places around every effect on the outside world where a test can make this process die, stop, fail or wait.
// Unarmed, a failpoint costs one map look-up. Names are unique literals, so that `failpoint-names.ts` can list them from the code.
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

type FailpointAction = (name: string) => Promise<void>;

const ACTIONS: Readonly<Record<string, (argument: string) => FailpointAction>> = {
  kill: () => async () => {
    process.kill(process.pid, 'SIGKILL');
    // The signal is delivered asynchronously; nothing after this place may run before it is.
    await new Promise(() => undefined);
  },
  stop: () => async () => {
    process.kill(process.pid, 'SIGSTOP');
  },
  error: () => async (name) => {
    throw new Error(`failpoint ${name}`);
  },
  delay: (milliseconds) => async () => {
    await delay(Number(milliseconds));
  },
};

let armed: ReadonlyMap<string, FailpointAction> = new Map();
let folder: string | null = null;

/** Arms what a specification such as `after-create-namespace=kill,before-helm-install=delay:500` names; an empty one disarms all. */
export function armFailpoints(specification: string): void {
  armed = new Map(
    specification
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
      .map((entry) => {
        const [, name, action] = /^([a-z0-9-]+)=(.+)$/.exec(entry) ?? [];
        if (name === undefined || action === undefined) {
          throw new Error(`"${entry}" is not a failpoint; write name=action`);
        }
        return [name, parseAction(action)];
      }),
  );
}

/**
 * From now on a file in the folder, named as a failpoint and holding an action, arms it for exactly one process and one time: whoever
 * gets there first renames it to `<name>.reached-by-<pid>` and does what it says. Null: no folder is looked at.
 */
export function armFailpointsFrom(path: string | null): void {
  folder = path;
}

function parseAction(text: string): FailpointAction {
  const [, kind = '', argument = ''] = /^([a-z]+)(?::(\d+))?$/.exec(text) ?? [];
  const action = ACTIONS[kind];
  if (action === undefined) {
    throw new Error(`"${text}" is no action of a failpoint; there are kill, stop, error and delay:<milliseconds>`);
  }
  return action(argument);
}

function takeFromFolder(name: string): FailpointAction | null {
  if (folder === null) {
    return null;
  }
  const mine = join(folder, `${name}.reached-by-${process.pid}`);
  try {
    renameSync(join(folder, name), mine);
  } catch {
    // Not armed, or another process was first.
    return null;
  }
  return parseAction(readFileSync(mine, 'utf8').trim());
}

/** Arms one failpoint with an action of the caller's own; for tests inside one process. */
export function armFailpoint(name: string, action: FailpointAction): void {
  armed = new Map([...armed, [name, action]]);
}

export async function failpoint(name: string): Promise<void> {
  const action = armed.get(name) ?? takeFromFolder(name);
  if (action !== null) {
    await action(name);
  }
}

/** Runs one outside effect between the failpoints `before-<effect>` and `after-<effect>`. */
export async function withFailpoints<T>(effect: string, act: () => Promise<T>): Promise<T> {
  await failpoint(`before-${effect}`);
  const result = await act();
  await failpoint(`after-${effect}`);
  return result;
}
