// Every configuration is installed, upgraded and uninstalled by Helm on a real API server, which refuses what a dry run cannot see:
// a field that may not change. Whether the pods then work is what the acceptance tests show.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeNamespace, skip } from './cluster-namespace.ts';
import { chartCases } from './render-chart.ts';

const LASTING_KINDS = 'all,ingress,serviceaccount,horizontalpodautoscaler';

for (const { name, chart, valuesFile } of chartCases()) {
  test(`${name} installs, takes an upgrade, and leaves nothing but its volumes`, { skip }, () => {
    const namespace = makeNamespace();
    try {
      // No pod is made: the images of `ci/` are nowhere, and a node that looks for them is slow to let go of their pods.
      namespace.kubectl(['create', 'quota', 'no-pods', '--hard=pods=0']);
      const upgrade = (...settings: string[]) =>
        namespace.helm(['upgrade', '--install', 'store-abcdefghij', chart, '--values', valuesFile, ...settings]);
      upgrade();
      const changes = ['hosts=["other.example.org"]', 'store.tenantId="ten_zzzzzzzzzz"'];
      upgrade(...changes.flatMap((change) => ['--set-json', change]));
      const [release] = JSON.parse(namespace.helm(['list', '--output', 'json'])) as {
        status: string;
        revision: string;
      }[];
      assert.deepEqual([release?.status, release?.revision], ['deployed', '2']);

      namespace.helm(['uninstall', 'store-abcdefghij', '--cascade', 'foreground', '--wait', '--timeout', '60s']);
      const left = namespace.kubectl(['get', LASTING_KINDS, '--output', 'name']).stdout.split('\n');
      assert.deepEqual(
        left.filter((object) => object !== '' && object !== 'serviceaccount/default'),
        [],
      );
    } finally {
      namespace.remove();
    }
  });
}
