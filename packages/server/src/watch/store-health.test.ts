import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Phase } from '@souk/contract';
import type { Workload } from '../engines/engine.ts';
import type { Pod, ResourceQuota } from '../kube/kinds.ts';
import { createKeeper } from './kept-parts.ts';
import { observeStore, type StoreObjects, type WantedStore } from './store-health.ts';

const WORKLOADS: readonly Workload[] = [{ kind: 'Deployment', name: 'front' }];
const metadata = (name: string) => ({
  name,
  namespace: 'store-x',
  uid: name,
  resourceVersion: '1',
  creationTimestamp: '',
});
const ready = { replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 };
const pod: Pod = {
  metadata: { ...metadata('front-1'), labels: { 'app.kubernetes.io/component': 'storefront' } },
  spec: { containers: [{ name: 'front' }] },
  status: { phase: 'Running', startTime: '2026-01-01T00:00:00Z', conditions: [{ type: 'Ready', status: 'True' }] },
};
const quota: ResourceQuota = { metadata: metadata('plan'), spec: { hard: { pods: '20' } } };
const whole: StoreObjects = {
  namespace: { metadata: metadata('store-x') },
  deployments: [{ metadata: metadata('front'), spec: { replicas: 1 }, status: ready }],
  statefulSets: [],
  services: [{ metadata: metadata('front') }],
  ingresses: [{ metadata: metadata('shop') }],
  pods: [pod],
  claims: [{ metadata: metadata('data') }],
  guardrails: {
    ResourceQuota: [quota],
    LimitRange: [],
    NetworkPolicy: [{ metadata: metadata('deny-all') }],
  },
};
const wanted: WantedStore = {
  phase: 'ready',
  workloads: WORKLOADS,
  services: ['front'],
  anchors: { namespaceUid: 'store-x', claims: { data: 'data' } },
  guardrails: [
    { kind: 'ResourceQuota', manifest: { metadata: { name: 'plan' }, spec: { hard: { pods: '20' } } } },
    { kind: 'NetworkPolicy', manifest: { metadata: { name: 'deny-all' } } },
    { kind: 'RoleBinding', manifest: { metadata: { name: 'no watch sees it' } } },
  ],
};
const keep = createKeeper();
/** As the watch has them: nothing may depend on what it does not keep. */
const asKept = ({ namespace, guardrails, ...objects }: StoreObjects): StoreObjects => ({
  namespace: namespace && keep('Namespace', namespace),
  deployments: objects.deployments.map((object) => keep('Deployment', object)),
  statefulSets: objects.statefulSets.map((object) => keep('StatefulSet', object)),
  services: objects.services.map((object) => keep('Service', object)),
  ingresses: objects.ingresses.map((object) => keep('Ingress', object)),
  pods: objects.pods.map((object) => keep('Pod', object)),
  claims: objects.claims.map((object) => keep('PersistentVolumeClaim', object)),
  guardrails: {
    ResourceQuota: guardrails.ResourceQuota.map((object) => keep('ResourceQuota', object)),
    LimitRange: guardrails.LimitRange.map((object) => keep('LimitRange', object)),
    NetworkPolicy: guardrails.NetworkPolicy.map((object) => keep('NetworkPolicy', object)),
  },
});
const observe = (phase: Phase, workloads: readonly Workload[], objects: StoreObjects) =>
  observeStore({ ...wanted, phase, workloads }, asKept(objects), null);

describe('observing a store', () => {
  it('finds a ready store with everything in place healthy', () => {
    const seen = observe('ready', WORKLOADS, whole);
    assert.deepEqual([seen.health, seen.reason, seen.drift], ['healthy', null, null]);
  });

  it('finds it degraded, without drift, when a workload is there but not ready, and says which and why', () => {
    const crashing: Pod = {
      ...pod,
      status: {
        phase: 'Running',
        containerStatuses: [
          { name: 'front', ready: false, restartCount: 2, state: { waiting: { reason: 'CrashLoopBackOff' } } },
        ],
      },
    };
    const deployments = [
      { metadata: metadata('front'), spec: { replicas: 1 }, status: { ...ready, availableReplicas: 0 } },
    ];
    const seen = observe('ready', WORKLOADS, { ...whole, deployments, pods: [crashing] });
    assert.deepEqual([seen.health, seen.drift], ['degraded', null]);
    assert.match(seen.reason ?? '', /not ready: front \(container front ended 3 times/);
  });

  it('calls it drift when something was removed', () => {
    const drifts = [
      observe('ready', WORKLOADS, { ...whole, namespace: undefined }),
      observe('ready', WORKLOADS, { ...whole, deployments: [] }),
      observe('ready', WORKLOADS, { ...whole, services: [] }),
      observe('ready', WORKLOADS, { ...whole, ingresses: [] }),
    ].map(({ drift }) => drift);
    assert.deepEqual(drifts, [
      'its namespace was deleted',
      'missing: Deployment front',
      'missing: Service front',
      'its route is missing',
    ]);
  });

  it('calls it drift when something was changed, scaled, or replaced by a namesake', () => {
    const other = { ...metadata('x'), uid: 'another' };
    const leaving = { ...metadata('data'), deletionTimestamp: '2026-01-01T00:00:00Z' };
    const scaled = [{ metadata: metadata('front'), spec: { replicas: 0 }, status: {} }];
    const raised: ResourceQuota = { ...quota, spec: { hard: { pods: '99' } } };
    const drifts = [
      { namespace: { metadata: other } },
      { claims: [{ metadata: { ...other, name: 'data' } }] },
      { claims: [{ metadata: leaving }] },
      { deployments: scaled },
      { guardrails: { ...whole.guardrails, ResourceQuota: [raised] } },
      { guardrails: { ...whole.guardrails, NetworkPolicy: [] } },
    ].map((change) => observe('ready', WORKLOADS, { ...whole, ...change }).drift);
    assert.deepEqual(drifts, [
      'another namespace stands in its place',
      'its volume claim data was deleted',
      'its volume claim data was deleted',
      'Deployment front was scaled to 0, wanted is 1',
      'ResourceQuota plan was changed',
      'NetworkPolicy deny-all was removed',
    ]);
    assert.equal(observeStore(wanted, whole, 'a Secret was edited').drift, 'a Secret was edited');
  });

  it('knows no health and no drift of a store that is not meant to live now', () => {
    for (const phase of ['requested', 'provisioning', 'failed', 'deleting', 'deleted'] as const) {
      const seen = observe(phase, WORKLOADS, { ...whole, namespace: undefined, deployments: [] });
      assert.deepEqual([seen.health, seen.drift], ['unknown', null]);
    }
  });

  it('shows pods as people see them', () => {
    assert.deepEqual(observe('ready', WORKLOADS, whole).pods, [
      {
        name: 'front-1',
        component: 'storefront',
        podPhase: 'Running',
        ready: true,
        restarts: 0,
        message: null,
        containers: ['front'],
        startedAt: '2026-01-01T00:00:00.000Z',
      },
    ]);
  });

  it('shows of a pod what a row can keep, so that it is not taken for changed each time', () => {
    const waiting = { reason: 'CreateContainerConfigError', message: 'no key a\0b' };
    const containerStatuses = [{ name: 'front', ready: false, restartCount: 0, state: { waiting } }];
    const sick = { ...pod, status: { phase: 'Pending' as const, containerStatuses } };
    const [row] = observeStore(wanted, { ...whole, pods: [sick] }, null).pods;
    assert.match(row?.message ?? '', /no key a\uFFFDb/);
  });
});
