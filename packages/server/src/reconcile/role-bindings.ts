// The two roles that are bound in a store's namespace. What they allow is the installation's to say: charts/platform.
import type { Subject } from './store-scope.ts';

/** All that the worker and its Helm do inside the namespace of a store. */
export const WORKER_ROLE = 'souk:store-worker';
/** Logs of pods, and the one Secret that the owner may be shown. */
export const API_ROLE = 'souk:store-api';

export function bindingOf(role: string, subject: Subject): Record<string, unknown> {
  const apiGroup = 'rbac.authorization.k8s.io';
  return {
    roleRef: { apiGroup, kind: 'ClusterRole', name: role },
    subjects: [subject.kind === 'User' ? { ...subject, apiGroup } : subject],
  };
}
