// What was done to the parts of a store behind the platform's back: removed, or scaled beyond what the engine asks for. Pure.
import type { Deployment, KubeObject, StatefulSet } from '../kube/kinds.ts';
import type { Workload } from './engine.ts';

export interface FoundWorkloads {
  readonly deployments: readonly Deployment[];
  readonly statefulSets: readonly StatefulSet[];
}

export interface WantedParts {
  readonly workloads: readonly Workload[];
  readonly services: readonly string[];
}

export interface FoundParts extends FoundWorkloads {
  readonly services: readonly Pick<KubeObject, 'metadata'>[];
}

const ONE: readonly [number, number] = [1, 1];

/** In words, without a full stop; null when every part is there in the number that is wanted. */
export function describePartsDrift({ workloads, services }: WantedParts, found: FoundParts): string | null {
  const there = new Set(found.services.map(({ metadata }) => metadata.name));
  const missing = [
    ...workloads
      .filter((workload) => findWorkload(workload, found) === undefined)
      .map(({ kind, name }) => `${kind} ${name}`),
    ...services.filter((name) => !there.has(name)).map((name) => `Service ${name}`),
  ];
  if (missing.length > 0) {
    return `missing: ${missing.join(', ')}`;
  }
  const scaled = workloads.flatMap((workload) => {
    const [least, most] = workload.replicas ?? ONE;
    const replicas = findWorkload(workload, found)?.spec?.replicas ?? 1;
    const wanted = least === most ? `${least}` : `${least} to ${most}`;
    const { kind, name } = workload;
    return replicas < least || replicas > most
      ? [`${kind} ${name} was scaled to ${replicas}, wanted is ${wanted}`]
      : [];
  });
  return scaled.length === 0 ? null : scaled.join(', ');
}

export function findWorkload(
  { kind, name }: Workload,
  { deployments, statefulSets }: FoundWorkloads,
): Deployment | StatefulSet | undefined {
  const candidates: readonly (Deployment | StatefulSet)[] = kind === 'Deployment' ? deployments : statefulSets;
  return candidates.find(({ metadata }) => metadata.name === name);
}
