import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../kube/kinds.ts';
import { observeStore, type StoreObjects } from './store-health.ts';

const WORKLOADS = [{ kind: 'Deployment', name: 'front' }] as const;
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
const whole: StoreObjects = {
  namespace: { metadata: metadata('store-x') },
  deployments: [{ metadata: metadata('front'), spec: { replicas: 1 }, status: ready }],
  statefulSets: [],
  ingresses: [{ metadata: metadata('shop') }],
  pods: [pod],
};

describe('observing a store', () => {
  it('finds a ready store with everything in place healthy', () => {
    const seen = observeStore('ready', WORKLOADS, whole);
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
    const seen = observeStore('ready', WORKLOADS, { ...whole, deployments, pods: [crashing] });
    assert.deepEqual([seen.health, seen.drift], ['degraded', null]);
    assert.match(seen.reason ?? '', /not ready: front \(container front ended 3 times/);
  });

  it('calls it drift when something was removed', () => {
    const drifts = [
      observeStore('ready', WORKLOADS, { ...whole, namespace: undefined }),
      observeStore('ready', WORKLOADS, { ...whole, deployments: [] }),
      observeStore('ready', WORKLOADS, { ...whole, ingresses: [] }),
    ].map(({ drift }) => drift);
    assert.deepEqual(drifts, ['its namespace was deleted', 'missing: Deployment front', 'its route is missing']);
  });

  it('knows no health and no drift of a store that is not meant to live now', () => {
    for (const phase of ['requested', 'provisioning', 'failed', 'deleting', 'deleted'] as const) {
      const seen = observeStore(phase, WORKLOADS, { ...whole, namespace: undefined, deployments: [] });
      assert.deepEqual([seen.health, seen.drift], ['unknown', null]);
    }
  });

  it('shows pods as people see them', () => {
    assert.deepEqual(observeStore('ready', WORKLOADS, whole).pods, [
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
});
