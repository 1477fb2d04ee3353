// Nodes that are only objects, played by kwok: it says of them that they are ready, and of their pods that they run. The stores'
// workloads then come up, and the watch sees what it would see of real ones, though nothing runs.
import { execFile, spawn } from 'node:child_process';
import { access, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { platformPaths } from '@souk/local';

const MODULE = 'sigs.k8s.io/kwok';
const VERSION = 'v0.8.0';
/** What kwok does to its nodes and pods; the files come with its module. */
const STAGES = [
  'node/fast/node-initialize.yaml',
  'node/heartbeat-with-lease/node-heartbeat-with-lease.yaml',
  'pod/fast/pod-ready.yaml',
  'pod/fast/pod-delete.yaml',
];
const PODS_A_NODE = 250;
const BUILD_MS = 15 * 60_000;
const KUBECTL_MS = 60_000;
const LABELS = { 'souk.dev/benchmark': 'sweep' };
const ANNOTATION = 'kwok.x-k8s.io/node';
const run = promisify(execFile);

/** What a pod says to come onto these nodes; no other pod does. */
export const ON_FAKE_NODES = {
  nodeSelector: LABELS,
  tolerations: [{ key: ANNOTATION, value: 'fake', effect: 'NoSchedule' }],
};

export interface FakeNodes {
  readonly remove: () => Promise<void>;
  /** Nobody plays them from then on. */
  readonly end: () => void;
}

/** Enough of them for so many pods. Builds kwok when it is not in the cache. */
export async function startFakeNodes(
  pods: number,
  { kubeconfig, programsDir }: { readonly kubeconfig: string; readonly programsDir: string },
): Promise<FakeNodes> {
  const program = await ensureKwok();
  const { stdout } = await run('go', ['mod', 'download', '-json', `${MODULE}@${VERSION}`], { timeout: BUILD_MS });
  const { Dir: folder } = JSON.parse(stdout) as { readonly Dir: string };
  const configs = STAGES.map((file) => `--config=${path.join(folder, 'kustomize/stage', file)}`);
  const kwok = spawn(
    program,
    [
      `--kubeconfig=${kubeconfig}`,
      `--manage-nodes-with-annotation-selector=${ANNOTATION}=fake`,
      // Half a minute, the default, is soon for a machine that is being loaded.
      '--node-lease-duration-seconds=120',
      ...configs,
    ],
    // It tells of every patch that came too early and is done again.
    { stdio: 'ignore' },
  );
  const kubectl = path.join(programsDir, 'kubectl');
  const byKubectl = async (args: readonly string[], input = ''): Promise<void> => {
    const running = run(kubectl, [`--kubeconfig=${kubeconfig}`, ...args], { timeout: KUBECTL_MS });
    running.child.stdin?.end(input);
    await running;
  };
  const count = Math.ceil(pods / PODS_A_NODE);
  const names = Array.from({ length: count }, (_, index) => `souk-sweep-${index}`);
  const remove = (): Promise<void> => byKubectl(['delete', 'nodes', '--ignore-not-found', ...names]);
  const end = (): void => void kwok.kill('SIGKILL');
  try {
    await byKubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: names.map(node) }));
    await byKubectl(['wait', '--for=condition=Ready', '--timeout=50s', ...names.map((name) => `node/${name}`)]);
  } catch (error) {
    await remove().finally(end);
    throw error;
  }
  return { remove, end };
}

async function ensureKwok(): Promise<string> {
  const folder = path.join(platformPaths().cache, 'benchmarks', `kwok-${VERSION}`);
  const program = path.join(folder, 'kwok');
  const isThere = await access(program).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    console.error(`building kwok ${VERSION}, about two minutes`);
    await mkdir(folder, { recursive: true });
    await run('go', ['install', `${MODULE}/cmd/kwok@${VERSION}`], {
      env: { ...process.env, GOBIN: folder, CGO_ENABLED: '0' },
      timeout: BUILD_MS,
    });
  }
  return program;
}

function node(name: string): object {
  const room = { cpu: '100', memory: '1Ti', 'ephemeral-storage': '10Ti', pods: String(PODS_A_NODE) };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: LABELS, annotations: { [ANNOTATION]: 'fake' } },
    spec: { taints: [{ key: ANNOTATION, value: 'fake', effect: 'NoSchedule' }] },
    status: { allocatable: room, capacity: room },
  };
}
