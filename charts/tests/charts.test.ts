// What holds for every chart in every configuration of its `ci/`: it lints, renders to objects that Kubernetes knows, and its pods
// keep to Pod Security "restricted" and to the rules of this repository.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { findProgram, whyMissing } from './find-program.ts';
import { generatedFiles } from './generated-files.ts';
import { ensureKubernetesSchemas } from './kubernetes-schemas.ts';
import { type Container, chartCases, chartFolders, podTemplates, renderChart, renderText } from './render-chart.ts';

const helm = findProgram('helm') ?? '';
const kubeconform = findProgram('kubeconform') ?? '';
// An eighth of what a Secret takes; the records were 26 KB when this was written.
const LARGEST_RECORD_BYTES = 128 * 1024;
const needsHelm = { skip: helm === '' && whyMissing('helm') };

for (const chartCase of chartCases()) {
  test(`${chartCase.name} lints without a warning`, needsHelm, () => {
    const run = spawnSync(helm, ['lint', '--strict', chartCase.chart, '--values', chartCase.valuesFile], {
      encoding: 'utf8',
    });
    assert.equal(run.status, 0, run.stdout + run.stderr);
  });

  test(`every container of ${chartCase.name} states its resources and gives up every privilege`, needsHelm, () => {
    for (const [owner, { spec }] of podTemplates(renderChart(helm, chartCase))) {
      assert.equal(spec.automountServiceAccountToken, false, owner);
      assert.equal(spec.enableServiceLinks, false, owner);
      assert.equal(spec.securityContext?.runAsNonRoot, true, owner);
      assert.equal(spec.securityContext?.runAsUser, 10001, owner);
      assert.equal(spec.securityContext?.seccompProfile?.type, 'RuntimeDefault', owner);
      assert.notEqual(spec.hostNetwork ?? spec.hostPID ?? spec.hostIPC, true, owner);
      for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
        assertContainer(owner, container);
        // What ends by itself is not asked how it is.
        const isProbed = container.startupProbe && container.readinessProbe && container.livenessProbe;
        assert.ok(isProbed || spec.restartPolicy === 'Never', `${owner} container ${container.name} lacks a probe`);
      }
    }
  });

  test(`no label that changes with a release selects or names anything lasting in ${chartCase.name}`, needsHelm, () => {
    for (const object of renderChart(helm, chartCase)) {
      const spec = object.spec ?? {};
      const selector = spec.selector as { matchLabels?: Record<string, string> } | undefined;
      const claims = (spec.volumeClaimTemplates ?? []) as { metadata: { labels?: Record<string, string> } }[];
      const lasting = [selector?.matchLabels ?? selector ?? {}, ...claims.map((claim) => claim.metadata.labels ?? {})];
      for (const label of lasting.flatMap((labels) => Object.keys(labels))) {
        assert.doesNotMatch(label, /version|chart|revision|tenant|plan/, `${object.kind}/${object.metadata.name}`);
      }
      assert.match(object.metadata.labels?.['souk.dev/store'] ?? '', /^sto_/, `${object.kind}/${object.metadata.name}`);
    }
  });

  test(`the record of a release of ${chartCase.name} is far smaller than a Secret may be`, needsHelm, () => {
    // As Helm stores it: chart, values and manifest as JSON, compressed and in base64. What `.helmignore` leaves out counts here too.
    const files = readdirSync(chartCase.chart, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => ({ name, data: readFileSync(path.join(parentPath, name)).toString('base64') }));
    const config = readFileSync(chartCase.valuesFile, 'utf8');
    const release = JSON.stringify({ chart: { files }, config, manifest: renderText(helm, chartCase) });
    const { length } = gzipSync(release).toString('base64');
    assert.ok(length < LARGEST_RECORD_BYTES, `${length} bytes`);
  });

  test(`${chartCase.name} has no hook and makes no Secret`, needsHelm, () => {
    for (const { kind, metadata } of renderChart(helm, chartCase)) {
      assert.ok(!JSON.stringify(metadata.annotations ?? {}).includes('helm.sh/hook'), `${kind}/${metadata.name}`);
      assert.notEqual(kind, 'Secret');
    }
  });
}

test('every rendered object satisfies the schemas of the Kubernetes version that the platform runs', {
  skip: needsHelm.skip || (kubeconform === '' && whyMissing('kubeconform')),
}, () => {
  const schemas = ensureKubernetesSchemas();
  const check = (input: string): string =>
    execFileSync(kubeconform, ['-strict', '-summary', '-schema-location', schemas], { input, encoding: 'utf8' });
  for (const chartCase of chartCases()) {
    const summary = check(renderText(helm, chartCase));
    assert.match(summary, /Invalid: 0, Errors: 0, Skipped: 0/, chartCase.name);
  }
  const misspelt = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec:\n  selectors: {}\n';
  assert.throws(() => check(misspelt), /./, 'the schemas must refuse a field that Kubernetes does not know');
});

test('a template holds one kind of object', () => {
  for (const chart of chartFolders()) {
    for (const file of readdirSync(path.join(chart, 'templates')).filter((name) => name.endsWith('.yaml'))) {
      const kinds = readFileSync(path.join(chart, 'templates', file), 'utf8').match(/^kind: /gm) ?? [];
      assert.equal(kinds.length, 1, `${chart}/templates/${file}`);
    }
  }
});

test('the READMEs and the ci values are what their sources make', () => {
  for (const file of generatedFiles()) {
    assert.equal(
      readFileSync(file.path, 'utf8'),
      file.content,
      `${file.path}: run node charts/tests/generated-files.ts`,
    );
  }
});

function assertContainer(owner: string, container: Container): void {
  const where = `${owner} container ${container.name}`;
  for (const amount of ['cpu', 'memory', 'ephemeral-storage']) {
    assert.ok(container.resources?.requests?.[amount], `${where} requests no ${amount}`);
    assert.ok(container.resources?.limits?.[amount], `${where} limits no ${amount}`);
  }
  assert.equal(container.securityContext?.allowPrivilegeEscalation, false, where);
  assert.equal(container.securityContext?.readOnlyRootFilesystem, true, where);
  assert.deepEqual(container.securityContext?.capabilities, { drop: ['ALL'] }, where);
}
