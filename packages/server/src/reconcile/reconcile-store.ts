// One attempt at making one store what it is wanted to be. Level-triggered: it reads what is wanted and what is there, and closes the
// difference by one of two lists of steps. Every way out is handled here, and every write is under the attempt's fence.
import type { StoreId } from '@souk/contract';
import { type Db, inTransaction, type Tx } from '../db/database.ts';
import { LeaseLostError, messageOf, TerminalError } from '../errors.ts';
import { appendEvent, appendUnlessTold, type NewEvent } from '../events/event-queries.ts';
import { withFailpoints } from '../failpoint.ts';
import { HelmError } from '../helm/helm-error.ts';
import { liftGroupLimit } from '../jobs/ease-queries.ts';
import type { JobAttempt, JobHandler, JobOutcome } from '../jobs/job-attempt.ts';
import { isClusterUnreachable } from '../kube/kube-error.ts';
import { deletePasswordReset } from '../stores/password-reset.ts';
import { deleteSealedPassword, insertSealedPassword } from '../stores/sealed-password.ts';
import {
  type AttemptScope,
  eventOf,
  makeAttemptScope,
  type ReconcileContext,
  writeUnderFence,
} from './attempt-scope.ts';
import { diagnoseStore } from './diagnose-store.ts';
import { sealGivenPassword } from './given-password.ts';
import { DATA_LOST, dataLost, findDataLoss, mayRepair, readAnchors } from './lost-data.ts';
import * as observed from './observed-store.ts';
import { currentFingerprint } from './release-fingerprint.ts';
import { runSteps, StepError, type StepsOutcome, SUPERSEDED } from './run-steps.ts';
import type { Step } from './step.ts';
import { awaitWorkloads } from './steps/await-workloads.ts';
import { confirmGone } from './steps/confirm-gone.ts';
import { deleteNamespace } from './steps/delete-namespace.ts';
import { ensureCredentials } from './steps/ensure-credentials.ts';
import { ensureGuardrails } from './steps/ensure-guardrails.ts';
import { ensureNamespace } from './steps/ensure-namespace.ts';
import { installRelease } from './steps/install-release.ts';
import { removeRoute } from './steps/remove-route.ts';
import { resetPassword } from './steps/reset-password.ts';
import { uninstallRelease } from './steps/uninstall-release.ts';
import { verifyStorefront } from './steps/verify-storefront.ts';
import { storeUrl } from './store-scope.ts';

export const BRING_UP: readonly Step[] = [
  ensureNamespace,
  ensureGuardrails,
  ensureCredentials,
  installRelease,
  awaitWorkloads,
  verifyStorefront,
];
/** What is done to a shop that was ready before the attempt began, once it is known to be well. */
export const SERVE: readonly Step[] = [resetPassword];
export const TEAR_DOWN: readonly Step[] = [removeRoute, uninstallRelease, deleteNamespace, confirmGone];

export function createStoreReconciler(context: ReconcileContext): JobHandler {
  return async (attempt) => {
    const storeId = attempt.job.subject as StoreId;
    const store = await takeStore(context.db, attempt, storeId);
    if (store === null) {
      throw new LeaseLostError(`store ${storeId} is another worker's, or there is none`);
    }
    const superseded = context.newerWishes.watch(storeId, store.generation);
    try {
      return await reconcile(makeAttemptScope(context, attempt, store, superseded.signal));
    } finally {
      superseded.end();
    }
  };
}

/** Whoever reads the timeline learns in the same moment that a worker was lost; that of a deleted store has ended. */
async function takeStore(db: Db, attempt: JobAttempt, storeId: StoreId): Promise<observed.ReconciledStore | null> {
  const { fence, leaseOwner: actor, takenOverFrom } = attempt;
  const take = async (tx: Tx) => {
    const store = await observed.takeStore(tx, { storeId, fence });
    if (store !== null && takenOverFrom !== null && store.phase !== 'deleted') {
      const message = `${takenOverFrom} fell silent in the middle of its work; ${actor} goes on with it`;
      const details = { worker: takenOverFrom };
      await appendEvent(tx, { type: 'store.worker_lost', tenantId: store.tenantId, storeId, actor, message, details });
    }
    return store;
  };
  return await withFailpoints('take-store', () => inTransaction(db, take));
}

async function reconcile(scope: AttemptScope): Promise<JobOutcome> {
  const { store } = scope;
  if (store.phase === 'deleted') {
    return { outcome: 'completed' };
  }
  if (store.desiredPhase === 'deleted') {
    return await tearDown(scope);
  }
  const isSettledFailure = store.phase === 'failed' && store.observedGeneration >= store.generation;
  return isSettledFailure ? await cleanUp(scope) : await bringUp(scope);
}

async function bringUp(scope: AttemptScope): Promise<JobOutcome> {
  const { store } = scope;
  if (store.phase === 'requested' || store.phase === 'failed') {
    await writeUnderFence(scope, 'mark-provisioning', async (tx) => {
      await observed.markProvisioning(tx, store.id);
      await appendEvent(tx, eventOf(scope, 'store.provisioning_started', `Provisioning of ${store.name} has begun`));
    });
  }
  // What is told from here on is another attempt's: the step that would find it may be through already.
  const wasDrifted = store.phase === 'ready' && (await observed.isDriftOpen(scope.db, store.id));
  try {
    const answer = await answerDataLoss(scope);
    if (answer !== null) {
      return answer;
    }
    const outcome = await runSteps(scope, BRING_UP);
    if (outcome.outcome === 'waiting') {
      await setClock(scope, true);
      if (isTimeUp(scope) && outcome.step !== null) {
        throw new StepError(outcome.step, provisionTimeout(outcome.reason));
      }
      if (outcome.step === ensureNamespace.name && spentMs(scope) >= scope.windows.goneMs) {
        await tellDelay(scope, `Provisioning waits: ${outcome.reason}`);
      }
      return toJobOutcome(outcome);
    }
    await becomeReady(scope, wasDrifted);
    return toJobOutcome(store.phase === 'ready' ? await runSteps(scope, SERVE) : outcome);
  } catch (error) {
    if (scope.superseded.aborted && !scope.lease.signal.aborted) {
      return { outcome: 'waiting', recheckAfterMs: 0, reason: SUPERSEDED };
    }
    const { cause, step } = unwrap(error);
    const terminal = toTerminal(scope, cause);
    if (terminal === null) {
      if (isAway(cause) && !scope.lease.signal.aborted) {
        await setClock(scope, false);
      }
      throw cause;
    }
    return await fail(scope, terminal, step);
  }
}

async function setClock(scope: AttemptScope, isRunning: boolean): Promise<void> {
  const { phase, provisioningMs } = scope.store;
  const wasRunning = phase !== 'provisioning' || provisioningMs !== null;
  if (phase !== 'ready' && wasRunning !== isRunning) {
    await writeUnderFence(scope, 'set-clock', (tx) => observed.setProvisionClock(tx, scope.store.id, isRunning));
  }
}

function isAway(error: unknown): boolean {
  return isClusterUnreachable(error) || (error instanceof HelmError && error.isUnreachable);
}

/** Where data of a living shop is lost nothing is built until somebody agrees; then the next attempt finds a store to be made. */
async function answerDataLoss(scope: AttemptScope): Promise<JobOutcome | null> {
  const { store } = scope;
  const loss = await findDataLoss(scope);
  if (loss === null) {
    return null;
  }
  if (!mayRepair(store, DATA_LOST)) {
    throw new StepError(ensureNamespace.name, dataLost(loss));
  }
  await writeUnderFence(scope, 'accept-loss', async (tx) => {
    if (loss.extent === 'all') {
      await observed.markRebuilding(tx, store.id);
    } else {
      await observed.forgetAnchors(tx, store.id);
    }
    const words = loss.extent === 'all' ? 'is built anew and empty' : 'goes on with what is there';
    await appendEvent(tx, eventOf(scope, 'store.repair_started', `${store.name} ${words}: ${loss.message}`));
  });
  return { outcome: 'waiting', recheckAfterMs: 0, reason: 'the loss is accepted' };
}

async function becomeReady(scope: AttemptScope, wasDrifted: boolean): Promise<void> {
  const { store, metrics, engine } = scope;
  const isKnown = store.anchors.namespaceUid !== null && store.errorCode === null;
  const isUnchanged = store.phase === 'ready' && store.observedGeneration === store.generation && isKnown;
  // What is told is not what this attempt did: one that died may have done the last of it, and somebody may have put it right.
  const isMended = scope.progress.hasActed || store.repairGeneration > store.observedGeneration || wasDrifted;
  if (isUnchanged && !isMended) {
    return;
  }
  const url = storeUrl(scope);
  const ready = {
    generation: store.generation,
    endpoint: url,
    anchors: await readAnchors(scope),
    // A release that lives is never changed, so what it was made from stays what it was.
    installed: store.readyAt === null ? await currentFingerprint(scope) : store.installed,
  };
  const durationMs = spentMs(scope);
  const login = (await scope.mail?.readLogin(store, scope.lease.signal)) ?? null;
  await writeUnderFence(scope, 'mark-ready', async (tx) => {
    const isNewest = await observed.markReady(tx, store.id, ready);
    if (store.phase !== 'ready') {
      await appendEvent(tx, { ...eventOf(scope, 'store.ready', `${store.name} is ready at ${url}`), durationMs });
      await scope.mail?.tellReady(tx, store, url, login);
    } else if (isMended && isNewest) {
      // Else the attempt that follows tells it, once for both.
      await appendEvent(tx, eventOf(scope, 'store.repaired', `${store.name} is as it should be again`));
    }
  });
  if (store.phase !== 'ready') {
    metrics.provisionSeconds.observe({ engine: engine.name, outcome: 'ready' }, durationMs / 1000);
  }
}

/** Trying again would not help. A shop that lives stays `ready` and says what is wrong; any other becomes `failed`. */
async function fail(scope: AttemptScope, error: TerminalError, step: string | null): Promise<JobOutcome> {
  const { store, metrics, engine } = scope;
  const failure = { code: error.code, step, message: error.message };
  if (store.phase === 'ready') {
    await writeUnderFence(scope, 'mark-refused', async (tx) => {
      await observed.markRefused(tx, store.id, store.generation, failure);
      // Found again by every look, told once.
      if (store.errorCode !== error.code || store.generation !== store.observedGeneration) {
        const event = eventOf(scope, 'store.repair_needed', `${store.name} needs somebody: ${error.message}`);
        await appendEvent(tx, { ...event, ...(step === null ? {} : { step }), details: { code: error.code } });
      }
    });
    throw error;
  }
  const diagnosis = await diagnose(scope);
  const sealed = await sealGivenPassword(scope);
  await writeUnderFence(scope, 'mark-failed', async (tx) => {
    if (sealed !== null) {
      await deleteSealedPassword(tx, store.id);
      await insertSealedPassword(tx, store.id, sealed);
    }
    await observed.markFailed(tx, store.id, store.generation, failure);
    // What is left is the clean-up, which may take as long as somebody else's finalizer likes.
    await liftGroupLimit(tx, scope.jobId);
    // In one commit with the failure, so that an attempt that comes after a death does not tell it again.
    if (diagnosis !== null) {
      await appendEvent(tx, diagnosis);
    }
    const event = eventOf(scope, 'store.provisioning_failed', error.message);
    await appendEvent(tx, { ...event, ...(step === null ? {} : { step }), details: { code: error.code } });
    await scope.mail?.tellFailed(tx, store, error.message);
  });
  metrics.provisionSeconds.observe({ engine: engine.name, outcome: 'failed' }, spentMs(scope) / 1000);
  return await cleanUp(scope, error);
}

/** What a store that never was ready leaves behind is removed, unless it is to be looked at; one that once lived keeps everything. */
async function cleanUp(scope: AttemptScope, error?: TerminalError): Promise<JobOutcome> {
  const { store } = scope;
  if (store.readyAt === null && !store.keepFailed) {
    const outcome = await runSteps(scope, TEAR_DOWN).catch(rethrowCause);
    if (outcome.outcome === 'waiting') {
      await tellDelay(scope, `The clean-up takes longer: ${outcome.reason}`);
      return toJobOutcome(outcome);
    }
  }
  throw error ?? new TerminalError(store.errorCode ?? 'failed', store.errorMessage ?? 'the store has failed');
}

async function tearDown(scope: AttemptScope): Promise<JobOutcome> {
  const { store } = scope;
  if (store.phase !== 'deleting') {
    await writeUnderFence(scope, 'mark-deleting', (tx) => observed.markDeleting(tx, store.id));
  }
  try {
    const outcome = await runSteps(scope, TEAR_DOWN);
    if (outcome.outcome === 'waiting') {
      await delayDeletion(scope, { code: 'deletion_delayed', step: 'confirmGone', message: outcome.reason });
      return toJobOutcome(outcome);
    }
  } catch (error) {
    const { cause, step } = unwrap(error);
    scope.lease.signal.throwIfAborted();
    // Nothing is to be blamed for a cluster that is away, and nobody could look at what is told then.
    if (!(cause instanceof LeaseLostError) && !isAway(cause)) {
      await delayDeletion(scope, { code: 'deletion_failed', step, message: messageOf(cause) });
    }
    // A deletion never gives up, not even on what would end any other attempt.
    throw cause instanceof TerminalError ? new Error(cause.message, { cause }) : cause;
  }
  await writeUnderFence(scope, 'mark-deleted', async (tx) => {
    await deleteSealedPassword(tx, store.id);
    await deletePasswordReset(tx, store.id);
    await observed.markDeleted(tx, store.id, store.generation);
    await appendEvent(tx, eventOf(scope, 'store.deleted', `${store.name} is deleted; nothing of it is left`));
  });
  return { outcome: 'completed' };
}

/** Told once for each reason, however often it is found again, also where two take turns. */
async function delayDeletion(scope: AttemptScope, failure: observed.StoreFailure): Promise<void> {
  const { store } = scope;
  if (store.errorMessage !== failure.message) {
    await tellDelay(scope, `The deletion takes longer: ${failure.message}`, failure);
  }
}

/** The row shows `shown`, where given; else it keeps what it shows. */
async function tellDelay(scope: AttemptScope, message: string, shown?: observed.StoreFailure): Promise<void> {
  await writeUnderFence(scope, 'mark-delayed', async (tx) => {
    if (shown !== undefined) {
      await observed.markHindered(tx, scope.store.id, shown);
    }
    await appendUnlessTold(tx, eventOf(scope, 'store.deletion_delayed', message));
  });
}

/** What pods and cluster say of the failure; null where that could not be read. */
async function diagnose(scope: AttemptScope): Promise<NewEvent | null> {
  try {
    const diagnosis = await diagnoseStore(scope);
    const sick = diagnosis.pods.map(({ name, problem }) => `${name}: ${problem}`);
    const message = [...sick, ...diagnosis.warnings.slice(0, 1)].join('; ') || 'No pod of the store was there';
    return { ...eventOf(scope, 'store.diagnosis_recorded', message), details: { ...diagnosis } };
  } catch (error) {
    scope.lease.signal.throwIfAborted();
    // The failure itself must be recorded even where its evidence cannot be read.
    scope.log.warn({ err: error }, 'the store could not be diagnosed');
    return null;
  }
}

/** A store that is not ready in its time fails with the last reason; a cluster that is away is never the store's fault. */
function toTerminal(scope: AttemptScope, error: unknown): TerminalError | null {
  if (error instanceof TerminalError) {
    return error;
  }
  if (error instanceof LeaseLostError || scope.lease.signal.aborted || isAway(error) || !isTimeUp(scope)) {
    return null;
  }
  return provisionTimeout(messageOf(error), { cause: error });
}

function spentMs({ engine, provisionMsLeft }: AttemptScope): number {
  return engine.provisionTimeoutMs - provisionMsLeft();
}

function isTimeUp({ store, provisionMsLeft }: AttemptScope): boolean {
  return store.phase !== 'ready' && provisionMsLeft() <= 0;
}

function provisionTimeout(reason: string, options?: ErrorOptions): TerminalError {
  return new TerminalError('provision_timeout', `not ready within its time: ${reason}`, options);
}

function unwrap(error: unknown): { readonly cause: unknown; readonly step: string | null } {
  return error instanceof StepError ? { cause: error.cause, step: error.step } : { cause: error, step: null };
}

function rethrowCause(error: unknown): never {
  throw unwrap(error).cause;
}

function toJobOutcome(outcome: StepsOutcome): JobOutcome {
  if (outcome.outcome === 'done') {
    return { outcome: 'completed' };
  }
  const { recheckAfterMs, reason } = outcome;
  return { outcome: 'waiting', recheckAfterMs, reason };
}
