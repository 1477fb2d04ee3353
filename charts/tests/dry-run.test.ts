// The real API server's word on the charts: a server-side dry run in a namespace where Pod Security "restricted" is enforced.
// Runs where KUBECONFIG names a cluster.
import assert from 'node:assert/strict';
import type { SpawnSyncReturns } from 'node:child_process';
import { after, before, test } from 'node:test';
import { type ClusterNamespace, makeNamespace, skip } from './cluster-namespace.ts';
import { findProgram } from './find-program.ts';
import {
  chartCases,
  type KubernetesObject,
  type PodTemplate,
  podTemplates,
  renderChart,
  renderText,
} from './render-chart.ts';

const helm = findProgram('helm') ?? '';
// Pods name this service account instead of their own, which only a real install makes.
const SERVICE_ACCOUNT = 'tried';
let namespace: ClusterNamespace;

before(() => {
  if (skip !== false) return;
  namespace = makeNamespace();
  namespace.kubectl(['create', 'serviceaccount', SERVICE_ACCOUNT]);
});
after(() => namespace?.remove());

for (const chartCase of chartCases()) {
  test(`the API server takes every object of ${chartCase.name}`, { skip }, () => {
    const run = dryRun(renderText(helm, chartCase));
    assert.equal(run.status, 0, run.stderr);
    assert.doesNotMatch(run.stderr, /Warning/, 'the API server warns of nothing');
  });

  // Pod Security only warns about workloads; it refuses pods, so the pods themselves are tried.
  test(`Pod Security "restricted" takes every pod of ${chartCase.name}`, { skip }, () => {
    for (const object of renderChart(helm, chartCase)) {
      const [template] = podTemplates([object]).values();
      if (template === undefined) continue;
      const run = dryRun(JSON.stringify(podOf(object, template)));
      assert.equal(run.status, 0, `${object.kind}/${object.metadata.name}: ${run.stderr}`);
    }
  });
}

/** The pod that a controller would make; a claim template becomes an ordinary claim. */
function podOf(owner: KubernetesObject, template: PodTemplate): object {
  const templates = (owner.spec?.volumeClaimTemplates ?? []) as { metadata: { name: string } }[];
  const claims = templates.map(({ metadata: { name } }) => ({ name, persistentVolumeClaim: { claimName: name } }));
  const volumes = [...((template.spec.volumes ?? []) as object[]), ...claims];
  const metadata = { name: 'tried', labels: template.metadata.labels };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { ...template.spec, serviceAccountName: SERVICE_ACCOUNT, volumes },
  };
}

function dryRun(input: string): SpawnSyncReturns<string> {
  return namespace.kubectl(['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'], input);
}
