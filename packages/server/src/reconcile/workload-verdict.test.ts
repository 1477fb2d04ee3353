import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClusterEvent, ContainerStatus, Deployment, Pod, StatefulSet } from '../kube/kinds.ts';
import { judgeWorkloads, type NamespaceView } from './workload-verdict.ts';

const WORKLOADS = [
  { kind: 'StatefulSet', name: 'database' },
  { kind: 'Deployment', name: 'front' },
] as const;

const metadata = (name: string) => ({
  name,
  namespace: 'store-x',
  uid: name,
  resourceVersion: '1',
  creationTimestamp: '',
});
const deployment = (status: NonNullable<Deployment['status']>, replicas = 1): Deployment => ({
  metadata: { ...metadata('front'), generation: 2 },
  spec: { replicas },
  status,
});
const database: StatefulSet = {
  metadata: metadata('database'),
  spec: { replicas: 1, updateStrategy: { type: 'OnDelete' } },
  status: { readyReplicas: 1, replicas: 1, updatedReplicas: 0 },
};
const ready = { observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
const view = (more: Partial<NamespaceView>): NamespaceView => ({
  deployments: [],
  statefulSets: [database],
  pods: [],
  warnings: [],
  ...more,
});
const pod = (status: Partial<ContainerStatus>): Pod => ({
  metadata: metadata('front-1'),
  status: {
    phase: 'Pending',
    conditions: [{ type: 'Ready', status: 'False' }],
    containerStatuses: [{ name: 'front', ready: false, restartCount: 0, ...status }],
  },
});
const warning = (message: string): ClusterEvent => ({
  metadata: metadata('event'),
  reason: 'FailedCreate',
  message,
  involvedObject: { kind: 'ReplicaSet', name: 'front-abc' },
});

describe('judging workloads', () => {
  it('misses nothing when all are ready, also one that updates only on delete', () => {
    const verdict = judgeWorkloads(WORKLOADS, view({ deployments: [deployment(ready)] }));
    assert.deepEqual(verdict, { missing: [], problems: [] });
  });

  it('misses what is not there at all', () => {
    assert.deepEqual(judgeWorkloads(WORKLOADS, view({ statefulSets: [] })).missing, ['database', 'front']);
  });

  it('does not take the readiness of a former revision for that of the new one', () => {
    for (const status of [
      { ...ready, observedGeneration: 1 },
      { ...ready, replicas: 2 },
      { ...ready, updatedReplicas: 0 },
      { ...ready, availableReplicas: 0 },
    ]) {
      assert.deepEqual(judgeWorkloads(WORKLOADS, view({ deployments: [deployment(status)] })).missing, ['front']);
    }
  });

  it('gives a hopeless image little time and a registry that is away more', () => {
    const waiting = (message: string) => pod({ state: { waiting: { reason: 'ImagePullBackOff', message } } });
    const patience = (message: string) =>
      judgeWorkloads(WORKLOADS, view({ pods: [waiting(message)] })).problems[0]?.patienceMs ?? 0;
    assert.ok(patience('manifest unknown') < patience('i/o timeout'));
  });

  it('keeps one key for a problem whose message changes', () => {
    const keys = ['pulling', 'backing off'].map((message) => {
      const sick = pod({ state: { waiting: { reason: 'ErrImagePull', message } } });
      return judgeWorkloads(WORKLOADS, view({ pods: [sick] })).problems[0]?.key;
    });
    assert.equal(keys[0], keys[1]);
  });

  it('forgives the first crashes and no more', () => {
    const crashed = (restartCount: number) => pod({ restartCount, state: { waiting: { reason: 'CrashLoopBackOff' } } });
    const codes = (restartCount: number) =>
      judgeWorkloads(WORKLOADS, view({ pods: [crashed(restartCount)] })).problems.map(({ code }) => code);
    assert.deepEqual(codes(2), []);
    assert.deepEqual(codes(3), ['crash_loop']);
  });

  it('names a quota that refuses pods, until the pods are there after all', () => {
    const refused = view({ warnings: [warning('pods "front-1" is forbidden: exceeded quota: plan')] });
    assert.deepEqual(
      judgeWorkloads(WORKLOADS, refused).problems.map(({ code }) => code),
      ['plan_exceeded'],
    );
    const owned: Pod = {
      metadata: { ...metadata('front-1'), ownerReferences: [{ kind: 'ReplicaSet', name: 'front-abc', uid: '1' }] },
    };
    assert.deepEqual(judgeWorkloads(WORKLOADS, { ...refused, pods: [owned] }).problems, []);
  });

  it('blames nobody for a quota that has only not been counted yet', () => {
    const uncounted = view({ warnings: [warning('pods "front-1" is forbidden: status unknown for quota: plan')] });
    assert.deepEqual(judgeWorkloads(WORKLOADS, uncounted).problems, []);
  });
});
