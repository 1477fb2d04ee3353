import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Deployment, KubeObject, Pod } from '../kube/kinds.ts';
import { createKeeper } from './kept-parts.ts';

const metadata = {
  name: 'front',
  namespace: 'store-x',
  uid: 'u',
  resourceVersion: '7',
  creationTimestamp: '2026-01-01T00:00:00Z',
  labels: { 'app.kubernetes.io/component': 'storefront' },
  annotations: { 'deployment.kubernetes.io/revision': '1' },
};
const { creationTimestamp: _, annotations: __, ...keptMetadata } = metadata;

describe('what the watch keeps of an object', () => {
  it('is of a pod its containers by name and how they are, without how they are made', () => {
    const container = { name: 'web', image: 'shop:1', env: [{ name: 'A', value: 'b' }] };
    const condition = { type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' } as const;
    const state = { name: 'web', ready: true, restartCount: 2, state: { running: {} }, imageID: 'sha256:1' };
    const pod = {
      metadata,
      spec: { nodeName: 'n', volumes: [{ name: 'data' }], containers: [container] },
      status: { phase: 'Running', podIP: '10.0.0.1', conditions: [condition], containerStatuses: [state] },
    };
    const { imageID: ___, ...keptState } = state;
    assert.deepEqual(createKeeper()('Pod', pod as Pod), {
      metadata: keptMetadata,
      spec: { containers: [{ name: 'web' }] },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True' }],
        initContainerStatuses: [],
        containerStatuses: [keptState],
      },
    });
  });

  it('is of a workload what is wanted and what is there, without its template', () => {
    const deployment = {
      metadata: { ...metadata, generation: 3 },
      spec: { replicas: 2, template: { spec: {} } },
      status: { replicas: 2, availableReplicas: 1, conditions: [] },
    };
    assert.deepEqual(createKeeper()('Deployment', deployment as Deployment), {
      metadata: { ...keptMetadata, generation: 3 },
      spec: { replicas: 2 },
      status: { replicas: 2, availableReplicas: 1 },
    });
  });

  it('is one copy of what the policies of all stores say alike, and each its own where they differ', () => {
    const keep = createKeeper();
    const policy = (namespace: string, port: number) =>
      keep('NetworkPolicy', {
        metadata: { ...metadata, namespace },
        spec: { egress: [{ ports: [{ port }] }] },
      } as KubeObject) as KubeObject & { spec: unknown };
    const [one, other, different] = [policy('store-a', 53), policy('store-b', 53), policy('store-c', 54)];
    assert.equal(one.spec, other.spec);
    assert.equal(other.metadata.namespace, 'store-b');
    assert.deepEqual(different.spec, { egress: [{ ports: [{ port: 54 }] }] });
  });

  it('is the whole of a kind that few objects are of', () => {
    const node = { metadata, status: { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] } };
    assert.deepEqual(createKeeper()('Node', node).status, node.status);
  });
});
