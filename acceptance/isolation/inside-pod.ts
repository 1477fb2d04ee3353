// An attacker who runs what he likes inside a pod of a store: by `kubectl exec`, with the programs of the pod's own image.
import type { Platform } from '../platform.ts';
import { type Ending, kubectlAs, runProgram } from './cluster-identity.ts';
import type { Target } from './targets.ts';

export interface PodRef {
  readonly namespace: string;
  readonly name: string;
  readonly container?: string;
}

export async function execInPod(
  platform: Platform,
  { namespace, name, container }: PodRef,
  command: readonly string[],
  input = '',
): Promise<Ending> {
  const where = ['-n', namespace, 'exec', '-i', name, ...(container === undefined ? [] : ['-c', container])];
  return await runProgram([...kubectlAs(platform, 'admin'), ...where, '--', ...command], input);
}

// A packet that is thrown away is sent again after one second; by then a second chance was had.
export const REACH_SCRIPT = `
const targets = JSON.parse(process.argv[2]);
const { connect } = require('node:net');
Promise.all(targets.map(({ host, port }) => new Promise((resolve) => {
  const socket = connect({ host, port, timeout: 2500 });
  const end = (reached) => { socket.destroy(); resolve(reached); };
  socket.once('connect', () => end(true)).once('timeout', () => end(false)).once('error', () => end(false));
}))).then((reached) => { console.log(JSON.stringify(reached)); process.exit(); });
`;

/** Those that accept a connection from inside the pod. */
export async function reachFromPod(
  platform: Platform,
  pod: PodRef,
  targets: readonly Target[],
): Promise<ReadonlySet<Target>> {
  const { stdout, stderr } = await execInPod(platform, pod, ['node', '-', JSON.stringify(targets)], REACH_SCRIPT);
  if (stdout === '') throw new Error(`the probe did not run in ${pod.namespace}/${pod.name}: ${stderr}`);
  return new Set(parseReached(stdout, targets));
}

export function parseReached(output: string, targets: readonly Target[]): Target[] {
  const reached = JSON.parse(output) as boolean[];
  return targets.filter((_, index) => reached[index]);
}
