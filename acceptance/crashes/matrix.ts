// The kill matrix: at which failpoint, by which signal, during which operation. Every failpoint of the code has a place here, or a
// reason why a running platform cannot be brought to it.
import type { Action } from './failpoints.ts';
import { seededRandom } from './seeds.ts';

export const OPERATIONS = [
  'create',
  'away',
  'retry',
  'repair',
  'foreign-uninstall',
  'rebuild',
  'keep-secret',
  'put-back',
  'reset-password',
  'delete',
  'blocked-deletion',
  'orphan',
] as const;
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
  away: ['set-clock'],
  retry: [...BRING_UP, 'commit-retry'],
  repair: ['record-drift', 'helm-reapply', 'record-step', 'mark-ready', 'commit-repair'],
  'foreign-uninstall': ['drop-release-records'],
  rebuild: ['mark-refused', 'accept-loss', 'apply-namespace', 'helm-upgrade', 'mark-ready'],
  'keep-secret': ['seal-credentials'],
  'put-back': ['queue-reconcile'],
  'reset-password': [
    'reset-password-in-shop',
    'reset-password-in-secrets',
    'reset-password-wish',
    'commit-password-reset',
  ],
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
  'blocked-deletion': ['mark-delayed'],
  orphan: ['delete-orphan'],
};

/** Reached on the way to the failure that a retry answers, hence armed before the store is asked for. */
export const OF_FAILURE: readonly string[] = ['mark-failed'];

/** Proven inside one process (`reconcile/crash.test.ts`, `mail/mail.test.ts`, `admin/admin.test.ts`), and why not here. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  'delete-half-credentials': 'wants a first death between two Secrets',
  'helm-uninstall-half-done': 'wants a first death inside Helm',
  'helm-rollback-half-done': 'wants a new version of the platform and a death inside Helm',
  'replace-stuck-pods': 'wants a failed create that was kept, then mended',
  'send-mail': 'wants an SMTP server; a worker that dies round the sending is in mail/mail.test.ts',
  'take-store':
    'begins every attempt, as after-claim-jobs does, with one commit that the next attempt makes again; killed at each in reconcile/crash.test.ts',
  'end-tenant': 'wants a tenant of its own; a worker that dies there is in admin/admin.test.ts',
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

/** Few, each of another operation, by turns killed and stopped; which, the seed has chosen by their order. */
export function sampleCells(cells: readonly Cell[], count: number): readonly Cell[] {
  const operations = [...new Set(cells.map(({ operation }) => operation))].slice(0, count);
  return operations.flatMap((operation, index) => {
    const wantedAction: Action = index % 2 === 0 ? 'kill' : 'stop';
    const own = cells.filter((cell) => cell.operation === operation);
    return own.find(({ action }) => action === wantedAction) ?? own.slice(0, 1);
  });
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
