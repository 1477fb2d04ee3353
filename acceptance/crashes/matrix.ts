// The kill matrix: at which failpoint, by which signal, during which operation. Every failpoint of the code has a place here, or a
// reason why a running platform cannot be brought to it.
import type { Action } from './failpoints.ts';
import { seededRandom } from './seeds.ts';

export const OPERATIONS = ['create', 'retry', 'repair', 'rebuild', 'keep-secret', 'delete'] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface Cell {
  readonly operation: Operation;
  readonly failpoint: string;
  readonly action: Action;
}

const BRING_UP = [
  'apply-namespace',
  'bind-own-role',
  'apply-guardrails',
  'create-credentials',
  'helm-upgrade',
  'mark-provisioning',
  'mark-ready',
  'record-step',
  'record-job-outcome',
  'claim-jobs',
] as const;

/** Effects that are reached while the operation is under way, however often it is begun again. */
const EFFECTS: Readonly<Record<Operation, readonly string[]>> = {
  create: [...BRING_UP, 'delete-sealed-password', 'commit-create', 'record-health'],
  retry: [...BRING_UP, 'commit-retry'],
  repair: ['record-drift', 'helm-reapply', 'record-step', 'mark-ready', 'commit-repair'],
  rebuild: ['mark-refused', 'accept-loss', 'apply-namespace', 'helm-upgrade', 'mark-ready'],
  'keep-secret': ['seal-credentials'],
  delete: [
    'mark-deleting',
    'delete-ingresses',
    'stop-workloads',
    'end-pods',
    'helm-uninstall',
    'delete-namespace',
    'mark-deleted',
    'record-job-outcome',
    'commit-deletion',
  ],
};

/** Reached on the way to the failure that a retry answers, hence armed before the store is asked for. */
export const OF_FAILURE: readonly string[] = ['mark-failed', 'record-diagnosis'];

/** Proven inside one process (`reconcile/crash.test.ts`, `watch/watch-cluster.test.ts`, `mail/mail.test.ts`), and why not here. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  'delete-half-credentials': 'wants a first death between two Secrets',
  'helm-uninstall-half-done': 'wants a first death inside Helm',
  'helm-rollback-half-done': 'wants a new version of the platform and a death inside Helm',
  'drop-release-records': 'wants a record that only a foreign uninstall leaves',
  'replace-stuck-pods': 'wants a failed create that was kept, then mended',
  'mark-delayed': 'wants a namespace that is held back for 20 s',
  'set-clock': 'wants a cluster that is away',
  'delete-orphan':
    'wants a foreign namespace and two sweeps; a leader that dies there is in watch/watch-cluster.test.ts',
  'reset-password-in-shop': 'of a wish of its own, killed at each effect in reconcile/reset-password.test.ts',
  'reset-password-in-secrets': 'as above',
  'reset-password-wish': 'as above',
  'commit-password-reset': 'one insert; asked again, it joins the wish that is open',
  'send-mail': 'wants an SMTP server; a worker that dies round the sending is in mail/mail.test.ts',
  'take-store':
    'begins every attempt, as after-claim-jobs does, with one commit that the next attempt makes again; killed at each in reconcile/crash.test.ts',
  'end-tenant': 'wants a tenant of its own; a worker that dies there is in admin/admin.test.ts',
  'queue-reconcile': 'only after a store lost its job, which nothing here does; in watch/watch-cluster.test.ts',
};

export function effectOf(failpoint: string): string {
  return failpoint.replace(/^(?:before|after)-/, '');
}

/** A command's commit; the worker does all else. */
export function isOfApi(failpoint: string): boolean {
  return effectOf(failpoint).startsWith('commit-');
}

/** All of them, in an order that the seed gives. A command's process is the API: it can be killed; a stop would only cost its client. */
export function allCells(failpoints: readonly string[], seed: number): readonly Cell[] {
  const cells = OPERATIONS.flatMap((operation) =>
    failpoints
      .filter((failpoint) => isReached(operation, effectOf(failpoint)))
      .flatMap((failpoint): Cell[] => {
        const killed: Cell = { operation, failpoint, action: 'kill' };
        return isOfApi(failpoint) ? [killed] : [killed, { ...killed, action: 'stop' }];
      }),
  );
  return shuffle(cells, seed);
}

function isReached(operation: Operation, effect: string): boolean {
  return EFFECTS[operation].includes(effect) || (operation === 'retry' && OF_FAILURE.includes(effect));
}

/** Few, but of every kind: each operation once, each signal, as the seed chooses. */
export function sampleCells(cells: readonly Cell[], count: number): readonly Cell[] {
  const chosen: Cell[] = [];
  for (const operation of [...OPERATIONS, 'create', 'delete'] as const) {
    const wantedAction: Action = chosen.length % 2 === 0 ? 'kill' : 'stop';
    const left = cells.filter((cell) => cell.operation === operation && !chosen.includes(cell));
    const cell = left.find(({ action }) => action === wantedAction) ?? left[0];
    if (cell !== undefined && chosen.length < count) chosen.push(cell);
  }
  return chosen;
}

/** Failpoints that neither have a place nor a reason. */
export function unplaced(failpoints: readonly string[]): readonly string[] {
  return failpoints.filter((failpoint) => {
    const effect = effectOf(failpoint);
    return !(effect in ELSEWHERE) && !OPERATIONS.some((operation) => isReached(operation, effect));
  });
}

function shuffle<T>(items: readonly T[], seed: number): readonly T[] {
  const random = seededRandom(seed);
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
