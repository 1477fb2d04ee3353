import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeObject } from './kinds.ts';
import { KubeError } from './kube-error.ts';
import type { KubeTransport } from './kube-transport.ts';
import { createUsageReader, parseQuantity } from './read-usage.ts';

const NODE = {
  metadata: { name: 'node-1' },
  status: { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] },
} as unknown as NodeObject;

function metricsAt(seconds: number, atMs: number): string {
  return [
    '# HELP pod_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the pod in core-seconds',
    `node_cpu_usage_seconds_total ${seconds * 4} ${atMs}`,
    `node_memory_working_set_bytes 2.147483648e+09 ${atMs}`,
    `pod_cpu_usage_seconds_total{namespace="store-a",pod="backend-0"} ${seconds} ${atMs}`,
    `pod_memory_working_set_bytes{namespace="store-a",pod="backend-0"} 1.048576e+08 ${atMs}`,
    `container_cpu_usage_seconds_total{container="backend",namespace="store-a",pod="backend-0"} ${seconds} ${atMs}`,
  ].join('\n');
}

const transport = (calls: Partial<KubeTransport>): KubeTransport => ({
  call: async () => {
    throw new KubeError(404, 'NotFound', 'the server could not find the requested resource');
  },
  stream: async () => {
    throw new Error('not expected');
  },
  streamShared: async () => {
    throw new Error('not expected');
  },
  upgrade: async () => {
    throw new Error('not expected');
  },
  close: () => undefined,
  ...calls,
});

describe('usage', () => {
  it('comes from the kubelets where there is no metrics API, as a rate between two looks', async () => {
    const texts = [metricsAt(10, 1_000_000), metricsAt(13, 1_010_000)];
    const opened: string[] = [];
    const reader = createUsageReader(transport({}), (host, port) => {
      opened.push(`${host}:${port}`);
      return transport({
        stream: async () =>
          (async function* () {
            yield texts.shift() ?? '';
          })(),
      });
    });
    assert.deepEqual(await reader.read([NODE]), { pods: [], nodes: [] });
    assert.deepEqual(await reader.read([NODE]), {
      pods: [{ namespace: 'store-a', name: 'backend-0', cpuMillicores: 300, memoryMib: 100 }],
      nodes: [{ name: 'node-1', cpuMillicores: 1200, memoryMib: 2048 }],
    });
    assert.deepEqual(opened, ['10.0.0.1:10250']);
  });

  it('comes from the metrics API where there is one, containers added up', async () => {
    const pods = [
      {
        metadata: { name: 'backend-0', namespace: 'store-a' },
        containers: [{ usage: { cpu: '12500000n', memory: '65536Ki' } }, { usage: { cpu: '2m', memory: '16Mi' } }],
      },
    ];
    const nodes = [{ metadata: { name: 'node-1' }, usage: { cpu: '1500m', memory: '1Gi' } }];
    const reader = createUsageReader(
      transport({ call: async ({ path }) => ({ items: path.endsWith('/pods') ? pods : nodes }) }),
      () => assert.fail('no kubelet is asked'),
    );
    assert.deepEqual(await reader.read([NODE]), {
      pods: [{ namespace: 'store-a', name: 'backend-0', cpuMillicores: 15, memoryMib: 80 }],
      nodes: [{ name: 'node-1', cpuMillicores: 1500, memoryMib: 1024 }],
    });
  });

  it('is empty, and no error, where a kubelet may not be asked', async () => {
    const refused = transport({
      stream: async () => {
        throw new KubeError(403, 'Forbidden', 'no');
      },
    });
    assert.deepEqual(await createUsageReader(transport({}), () => refused).read([NODE]), { pods: [], nodes: [] });
  });

  it('reads quantities in every notation that Kubernetes uses', () => {
    assert.deepEqual(['2', '250m', '8Gi', '1e3', '100k'].map(parseQuantity), [2, 0.25, 8 * 1024 ** 3, 1000, 100_000]);
    assert.ok(Number.isNaN(parseQuantity('much')));
  });
});
