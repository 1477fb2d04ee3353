// Quota, limits and network policies, in force before the first pod. One that cannot be applied fails the attempt: a store without
// its guardrails must not start.
import { contains } from '../../kube/contains.ts';
import { PLANS } from '../../tenants/plans.ts';
import { type Guardrail, guardrailObjects } from '../guardrail-objects.ts';
import { DONE, type StepOutcome } from '../step.ts';
import type { StoreScope } from '../store-scope.ts';

export async function ensureGuardrails(scope: StoreScope): Promise<StepOutcome> {
  const { items: nodes } = await scope.kube.list('Node', {}, scope.lease.signal);
  const wanted = guardrailObjects(scope, PLANS[scope.store.plan], nodes);
  // In a namespace that was made a moment ago there is nothing to look at.
  const missing = scope.hasActed() ? wanted : await findMissing(scope, wanted);
  if (missing.length > 0) {
    // They do not depend on each other; the namespace is of no use before all are there.
    await scope.act('apply-guardrails', () =>
      Promise.all(missing.map(({ kind, manifest }) => scope.kube.apply(kind, manifest, scope.lease.signal))),
    );
  }
  return DONE;
}

async function findMissing(scope: StoreScope, wanted: readonly Guardrail[]): Promise<readonly Guardrail[]> {
  const areAsWanted = await Promise.all(wanted.map((guardrail) => isAsWanted(scope, guardrail)));
  return wanted.filter((_, index) => !areAsWanted[index]);
}

async function isAsWanted({ kube, lease }: StoreScope, { kind, manifest }: Guardrail): Promise<boolean> {
  const found = await kube.get(kind, manifest.metadata, lease.signal);
  return found !== null && contains(found, manifest);
}
