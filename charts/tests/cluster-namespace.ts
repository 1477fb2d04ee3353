// A namespace of its own for a chart test on a real API server, labelled as the worker labels those of stores. It is gone after the
// test; what KUBECONFIG names is used, nothing else.
import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { findProgram, whyMissing } from './find-program.ts';

const helm = findProgram('helm');
const kubectl = findProgram('kubectl') ?? 'kubectl';

/** Why cluster tests cannot run here, or false. */
export const skip: string | false =
  (process.env.KUBECONFIG === undefined && 'KUBECONFIG names no cluster') || (helm === null && whyMissing('helm'));

export interface ClusterNamespace {
  readonly name: string;
  /** Runs kubectl in the namespace; the caller looks at how it ended. */
  kubectl(arguments_: readonly string[], input?: string): SpawnSyncReturns<string>;
  helm(arguments_: readonly string[]): string;
  remove(): void;
}

export function makeNamespace(): ClusterNamespace {
  const name = `souk-charts-${randomBytes(4).toString('hex')}`;
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  execFileSync(kubectl, ['create', '-f', '-'], { input });
  return {
    name,
    kubectl: (arguments_, text = '') =>
      spawnSync(kubectl, ['--namespace', name, ...arguments_], { input: text, encoding: 'utf8' }),
    helm: (arguments_) => execFileSync(helm ?? 'helm', ['--namespace', name, ...arguments_], { encoding: 'utf8' }),
    remove: () => {
      execFileSync(kubectl, ['delete', 'namespace', name, '--wait=false']);
    },
  };
}
