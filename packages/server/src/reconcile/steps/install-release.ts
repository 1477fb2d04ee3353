// The Helm release, as chart, values and generation want it. What a dead worker left half-done is cleared first: Helm refuses every
// change of a release that is pending, and every upgrade of one that never was deployed. Nothing is waited for here.
import type { ValuesInput } from '../../engines/engine.ts';
import { TerminalError } from '../../errors.ts';
import { isPending, type Release } from '../../helm/helm.ts';
import { HelmError } from '../../helm/helm-error.ts';
import { releaseFingerprint } from '../release-fingerprint.ts';
import { DONE, type StepOutcome } from '../step.ts';
import { type StoreScope, storeHosts } from '../store-scope.ts';

export async function installRelease(scope: StoreScope): Promise<StepOutcome> {
  const { helm, engine, namespace, lease, store } = scope;
  const ref = { namespace, name: namespace };
  const values = engine.values(valuesInput(scope));
  const fingerprint = await releaseFingerprint(engine.chartPath, values, store.generation);
  const found = await helm.readRelease(ref, lease.signal);
  if (found?.status === 'deployed' && found.fingerprint === fingerprint && (await isWhole(scope))) {
    return DONE;
  }
  await clearHalfDone(scope, found);
  try {
    await scope.act('helm-upgrade', () =>
      helm.upgrade({ ...ref, chartPath: engine.chartPath, values, fingerprint }, lease),
    );
  } catch (error) {
    if (error instanceof HelmError && error.isPermanent) {
      throw new TerminalError('install_refused', error.message, { cause: error });
    }
    throw error;
  }
  return DONE;
}

/** By name, because the settings hold more than an engine may see: the platform's key is among them. */
function valuesInput(scope: StoreScope): ValuesInput {
  const { store, settings } = scope;
  const { baseDomain, publicScheme, ingressClass, clusterIssuer, storageClass, hasUserNamespaces, images } = settings;
  return {
    storeId: store.id,
    tenantId: store.tenantId,
    plan: store.plan,
    hosts: storeHosts(scope),
    baseDomain,
    publicScheme,
    ingressClass,
    clusterIssuer,
    storageClass,
    hasUserNamespaces,
    images,
  };
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
    await scope.act('helm-rollback-half-done', () => helm.rollback(ref, lastDeployedRevision, lease));
  }
}

/** Whether the objects that a person would miss are all there; a release says `deployed` whatever was removed since. */
async function isWhole({ kube, engine, namespace, lease, store }: StoreScope): Promise<boolean> {
  const workloads = engine.workloads(store.plan);
  const [found, routes] = await Promise.all([
    Promise.all(workloads.map(({ kind, name }) => kube.get(kind, { name, namespace }, lease.signal))),
    kube.listMetadata('Ingress', { namespace }, lease.signal),
  ]);
  return found.every((workload) => workload !== null) && routes.items.length > 0;
}
