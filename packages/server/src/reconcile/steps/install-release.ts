// The Helm release, as chart, values and generation want it. What a dead worker left half-done is cleared first: Helm refuses every
// change of a release that is pending, and every upgrade of one that never was deployed. Nothing is waited for here.
import { describePartsDrift } from '../../engines/workload-drift.ts';
import { TerminalError } from '../../errors.ts';
import { isPending, type Release } from '../../helm/helm.ts';
import { HelmError } from '../../helm/helm-error.ts';
import { describePodProblem } from '../../kube/readiness.ts';
import { mayRepair } from '../lost-data.ts';
import { currentFingerprint, releaseFingerprint, releaseValues } from '../release-fingerprint.ts';
import { DONE, type StepOutcome } from '../step.ts';
import type { StoreScope } from '../store-scope.ts';

export const RELEASE_LOST = 'release_lost';

export async function installRelease(scope: StoreScope): Promise<StepOutcome> {
  const { helm, engine, namespace, lease, store } = scope;
  const ref = { namespace, name: namespace };
  const found = await helm.readRelease(ref, lease.signal);
  if (store.readyAt !== null) {
    return await keepRelease(scope, found);
  }
  const values = releaseValues(scope);
  const fingerprint = await releaseFingerprint(engine.chartPath, values, store.generation);
  if (found?.status === 'deployed' && found.fingerprint === fingerprint && (await isWhole(scope))) {
    return DONE;
  }
  await clearHalfDone(scope, found);
  await replaceStuckPods(scope);
  await install(scope, values, fingerprint);
  return DONE;
}

/**
 * A shop that lives gets back what was taken from it out of its own record: chart, images and values as they were installed. What
 * this platform would install today may be newer, and a repair must never be an upgrade that nobody asked for.
 */
async function keepRelease(scope: StoreScope, found: Release | null): Promise<StepOutcome> {
  const { helm, namespace, lease, store, engine } = scope;
  const ref = { namespace, name: namespace };
  if (found?.status === 'deployed' && (await isWhole(scope))) {
    return DONE;
  }
  const recorded = found?.status === 'uninstalling' ? null : (found?.lastDeployedRevision ?? null);
  if (recorded !== null) {
    await endIfRefused(scope.act('helm-reapply', () => helm.rollback(ref, recorded, lease)));
    return DONE;
  }
  if (store.installed !== (await currentFingerprint(scope)) && !mayRepair(store, RELEASE_LOST)) {
    throw new TerminalError(
      RELEASE_LOST,
      'the records of its Helm release were removed from outside, and this platform would install another version; ' +
        'ask for a repair to agree to that',
    );
  }
  await dropRecords(scope);
  const values = releaseValues(scope);
  await install(scope, values, await releaseFingerprint(engine.chartPath, values, store.generation));
  return DONE;
}

/** Helm installs over objects that carry its name and adopts them; what keeps it from doing so is a record that says otherwise. */
async function dropRecords({ kube, namespace, lease, act }: StoreScope): Promise<void> {
  const labels = `owner=helm,name=${namespace}`;
  const { items } = await kube.listMetadata('Secret', { namespace, labels }, lease.signal);
  if (items.length > 0) {
    await act('drop-release-records', () =>
      Promise.all(
        items.map(({ metadata: { name, uid } }) => kube.delete('Secret', { name, namespace }, { uid }, lease.signal)),
      ),
    );
  }
}

async function install(scope: StoreScope, values: Record<string, unknown>, fingerprint: string): Promise<void> {
  const { helm, engine, namespace, lease } = scope;
  await endIfRefused(
    scope.act('helm-upgrade', () =>
      helm.upgrade({ namespace, name: namespace, chartPath: engine.chartPath, values, fingerprint }, lease),
    ),
  );
}

/** What Helm will say again each time (a field that cannot be changed, a chart in error) needs a person, not another try. */
async function endIfRefused(change: Promise<void>): Promise<void> {
  try {
    await change;
  } catch (error) {
    if (error instanceof HelmError && error.isPermanent) {
      throw new TerminalError('install_refused', error.message, { cause: error });
    }
    throw error;
  }
}

async function clearHalfDone(scope: StoreScope, found: Release | null): Promise<void> {
  const { helm, namespace, lease } = scope;
  const ref = { namespace, name: namespace };
  if (found === null || (found.status === 'deployed' && found.lastDeployedRevision !== null)) {
    return;
  }
  const { lastDeployedRevision } = found;
  if (lastDeployedRevision === null || found.status === 'uninstalling' || found.status === 'uninstalled') {
    await scope.act('helm-uninstall-half-done', () => helm.uninstall(ref, lease));
  } else if (isPending(found)) {
    await endIfRefused(scope.act('helm-rollback-half-done', () => helm.rollback(ref, lastDeployedRevision, lease)));
  }
}

/**
 * A retry finds the pods of what was kept: the kubelet tries those again after pauses that have grown to minutes, and what has been
 * mended meanwhile would come too late. A new pod it tries at once.
 */
async function replaceStuckPods({ kube, namespace, lease, act }: StoreScope): Promise<void> {
  const { items } = await kube.list('Pod', { namespace }, lease.signal);
  const stuck = items.filter((pod) => describePodProblem(pod) !== null);
  if (stuck.length > 0) {
    await act('replace-stuck-pods', () =>
      Promise.all(
        stuck.map(({ metadata: { name, uid } }) => kube.delete('Pod', { name, namespace }, { uid }, lease.signal)),
      ),
    );
  }
}

/** Whether the objects that a person would miss are all there; a release says `deployed` whatever was done since. */
async function isWhole({ kube, engine, namespace, lease, store }: StoreScope): Promise<boolean> {
  const [deployments, statefulSets, services, routes] = await Promise.all([
    kube.list('Deployment', { namespace }, lease.signal),
    kube.list('StatefulSet', { namespace }, lease.signal),
    kube.listMetadata('Service', { namespace }, lease.signal),
    kube.listMetadata('Ingress', { namespace }, lease.signal),
  ]);
  const wanted = { workloads: engine.workloads(store.plan), services: engine.services(store.plan) };
  const found = { deployments: deployments.items, statefulSets: statefulSets.items, services: services.items };
  return describePartsDrift(wanted, found) === null && routes.items.length > 0;
}
