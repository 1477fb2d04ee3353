// What pods and nodes use: from the metrics API where the cluster has one (metrics-server), else from the kubelets themselves, whose
// figures metrics-server gathers. Kubelets give a running total of CPU time, so the first look at one yields no CPU yet.
import type { NodeObject } from './kinds.ts';
import { isKubeError } from './kube-error.ts';
import type { KubeTransport } from './kube-transport.ts';

export interface Usage {
  readonly cpuMillicores: number;
  readonly memoryMib: number;
}
export interface PodUsage extends Usage {
  readonly namespace: string;
  readonly name: string;
}
export interface NodeUsage extends Usage {
  readonly name: string;
}
export interface UsageReading {
  readonly pods: readonly PodUsage[];
  readonly nodes: readonly NodeUsage[];
}

export interface UsageReader {
  /** Empty where neither source may be read: usage is worth showing, not worth failing for. */
  read(nodes: readonly NodeObject[], signal?: AbortSignal): Promise<UsageReading>;
  close(): void;
}

interface MetricsItem {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly usage?: { readonly cpu: string; readonly memory: string };
  readonly containers?: readonly { readonly usage: { readonly cpu: string; readonly memory: string } }[];
}

const METRICS_API = '/apis/metrics.k8s.io/v1beta1';
const SILENCE_MS = 10_000;

export function createUsageReader(
  transport: KubeTransport,
  openKubelet: (host: string, port: number) => KubeTransport,
): UsageReader {
  const kubelets = new Map<string, KubeTransport>();
  const totals = new Map<string, { readonly seconds: number; readonly atMs: number }>();

  async function readMetricsApi(signal: AbortSignal | undefined): Promise<UsageReading | null> {
    const list = async (what: string): Promise<readonly MetricsItem[]> => {
      const answer = (await transport.call({ method: 'GET', path: `${METRICS_API}/${what}` }, signal)) as {
        items: readonly MetricsItem[];
      };
      return answer.items;
    };
    try {
      const [pods, nodes] = await Promise.all([list('pods'), list('nodes')]);
      return {
        pods: pods.map(({ metadata, containers = [] }) => ({
          ...{ namespace: metadata.namespace ?? '', name: metadata.name },
          ...sum(containers.map(({ usage }) => usage)),
        })),
        nodes: nodes.map(({ metadata, usage }) => ({
          name: metadata.name,
          ...sum(usage === undefined ? [] : [usage]),
        })),
      };
    } catch (error) {
      // No such API here, not allowed to us, or its server is away: the kubelets know the same.
      if (isKubeError(error, 404) || isKubeError(error, 403) || isKubeError(error, 503)) {
        return null;
      }
      throw error;
    }
  }

  async function readKubelet(node: NodeObject, signal: AbortSignal | undefined): Promise<UsageReading> {
    const host = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
    const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 10250;
    if (host === undefined) {
      return { pods: [], nodes: [] };
    }
    const key = `${host}:${port}`;
    const kubelet = kubelets.get(key) ?? openKubelet(host, port);
    kubelets.set(key, kubelet);
    let text = '';
    const call = { method: 'GET', path: '/metrics/resource', accept: 'text/plain' } as const;
    for await (const chunk of await kubelet.stream(call, SILENCE_MS, signal)) {
      text += chunk;
    }
    return parseResourceMetrics(text, node.metadata.name, rateOf);
  }

  function rateOf(key: string, seconds: number, atMs: number): number | null {
    const before = totals.get(key);
    totals.set(key, { seconds, atMs });
    // A total that fell belongs to a new pod of the old name.
    if (before === undefined || atMs <= before.atMs || seconds < before.seconds) {
      return null;
    }
    return ((seconds - before.seconds) / ((atMs - before.atMs) / 1_000)) * 1_000;
  }

  return {
    async read(nodes, signal) {
      const given = await readMetricsApi(signal);
      if (given !== null) {
        return given;
      }
      const readings = await Promise.allSettled(nodes.map((node) => readKubelet(node, signal)));
      const done = readings.flatMap((reading) => (reading.status === 'fulfilled' ? [reading.value] : []));
      forgetOld(totals);
      return { pods: done.flatMap(({ pods }) => pods), nodes: done.flatMap((reading) => reading.nodes) };
    },
    close() {
      for (const kubelet of kubelets.values()) {
        kubelet.close();
      }
    },
  };
}

function forgetOld(totals: Map<string, { readonly atMs: number }>): void {
  const newest = Math.max(...[...totals.values()].map(({ atMs }) => atMs));
  for (const [key, { atMs }] of totals) {
    if (atMs < newest - 300_000) {
      totals.delete(key);
    }
  }
}

/** `rateOf` turns a running total of CPU seconds into millicores, or null when it is seen for the first time. */
export function parseResourceMetrics(
  text: string,
  node: string,
  rateOf: (key: string, seconds: number, atMs: number) => number | null,
): UsageReading {
  const cpu = new Map<string, number>();
  const memory = new Map<string, number>();
  const now = Date.now();
  for (const line of text.split('\n')) {
    const [, metric, labels = '', value = '', stamp] = /^(\w+)(?:\{([^}]*)\})? (\S+)(?: (\d+))?$/.exec(line) ?? [];
    if (metric === undefined) {
      continue;
    }
    const isNode = metric.startsWith('node_');
    const key = isNode ? '' : `${label(labels, 'namespace')}/${label(labels, 'pod')}`;
    if (metric === 'pod_memory_working_set_bytes' || metric === 'node_memory_working_set_bytes') {
      memory.set(key, Number(value) / 1_048_576);
    } else if (metric === 'pod_cpu_usage_seconds_total' || metric === 'node_cpu_usage_seconds_total') {
      const rate = rateOf(`${node}/${key}`, Number(value), stamp === undefined ? now : Number(stamp));
      if (rate !== null) {
        cpu.set(key, rate);
      }
    }
  }
  const usageOf = (key: string): Usage => ({
    cpuMillicores: Math.round(cpu.get(key) ?? 0),
    memoryMib: Math.round(memory.get(key) ?? 0),
  });
  const keys = [...memory.keys()].filter((key) => key !== '' && cpu.has(key));
  return {
    pods: keys.map((key) => {
      const [namespace = '', name = ''] = key.split('/');
      return { namespace, name, ...usageOf(key) };
    }),
    nodes: memory.has('') && cpu.has('') ? [{ name: node, ...usageOf('') }] : [],
  };
}

function label(labels: string, name: string): string {
  return new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
}

function sum(usages: readonly { readonly cpu: string; readonly memory: string }[]): Usage {
  const total = (values: readonly number[]): number => Math.round(values.reduce((a, b) => a + b, 0));
  return {
    cpuMillicores: total(usages.map(({ cpu }) => parseQuantity(cpu) * 1_000)),
    memoryMib: total(usages.map(({ memory }) => parseQuantity(memory) / 1_048_576)),
  };
}

const SUFFIXES: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 },
  ...{ Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3, Ti: 1024 ** 4 },
};

/** A Kubernetes quantity ("250m", "8Gi") as a number; NaN for anything else. */
export function parseQuantity(text: string): number {
  const [, digits, suffix = ''] = /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(text) ?? [];
  return digits === undefined ? Number.NaN : Number(digits) * (SUFFIXES[suffix] ?? Number.NaN);
}
