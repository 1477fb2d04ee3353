// Two scanners of others on everything that a store's namespace holds: the rendered chart in each configuration, with the guardrails
// that the worker puts there before it. Getting the scanners takes minutes, so only a whole `./souk test` does (it sets KUBECONFIG).
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { RESOURCES } from '../../../packages/server/src/kube/kinds.ts';
import { guardrailObjects } from '../../../packages/server/src/reconcile/guardrail-objects.ts';
import type { StoreScope } from '../../../packages/server/src/reconcile/store-scope.ts';
import { PLANS } from '../../../packages/server/src/tenants/plans.ts';
import { findProgram, whyMissing } from '../find-program.ts';
import { chartCases, PLATFORM_CHART, renderChart } from '../render-chart.ts';
import { ensureCheckov, ensureKubeScore, type Got } from './ensure-scanners.ts';

interface Finding {
  readonly check: string;
  readonly what: string;
}
interface Exception {
  readonly scanner: 'checkov' | 'kube-score';
  readonly check: string;
  readonly reason: string;
}

const NAMESPACE = 'store-abcdefghij';
const KUBERNETES_VERSION = 'v1.36';
const OUTPUT_LIMIT = 256 * 1024 * 1024;
// As kube-score grades: 1 is critical.
const CRITICAL = 1;
const helm = findProgram('helm') ?? '';
const skip =
  (process.env.KUBECONFIG === undefined && 'only the whole ./souk test gets the scanners') ||
  (helm === '' && whyMissing('helm'));
const exceptions = parse(readFileSync(path.join(import.meta.dirname, 'exceptions.yaml'), 'utf8')) as Exception[];

describe('what a store’s namespace holds', { skip }, () => {
  let folder: string;
  let checkov: Got;
  let kubeScore: Got;
  before(
    async () => {
      folder = mkdtempSync(path.join(tmpdir(), 'souk-scanned-'));
      writeCharts(folder);
      checkov = await ensureCheckov();
      kubeScore = await ensureKubeScore();
    },
    { timeout: 20 * 60_000 },
  );
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('fails no check of checkov, but for exceptions with a reason', { timeout: 10 * 60_000 }, (context) => {
    if (checkov.command === null) return context.skip(checkov.reason);
    const [program = '', ...args] = checkov.command;
    const only = ['--framework', 'kubernetes', '--compact', '--quiet', '--skip-download', '--output', 'json'];
    // Nothing is to be asked of the maker's service.
    const env = { ...process.env, BC_SKIP_MAPPING: 'TRUE', CHECKOV_RUN_SCA_PACKAGE_SCAN_V2: 'false' };
    const run = spawnSync(program, [...args, '--directory', folder, ...only], {
      encoding: 'utf8',
      env,
      maxBuffer: OUTPUT_LIMIT,
    });
    const report = JSON.parse(run.stdout) as {
      summary: { passed: number; failed: number; parsing_errors: number };
      results: { failed_checks: { check_id: string; check_name: string; file_path: string; resource: string }[] };
    };
    assert.equal(report.summary.parsing_errors, 0);
    assert.ok(report.summary.passed > 500, `only ${report.summary.passed} checks were made`);
    const findings = report.results.failed_checks.map(({ check_id, check_name, file_path, resource }) => ({
      check: check_id,
      what: `${file_path} ${resource}: ${check_name}`,
    }));
    const excepted = judge('checkov', findings);
    context.diagnostic(`checkov: 0 failed, ${report.summary.passed} passed, ${excepted} excepted with a reason`);
  });

  it('has nothing critical for kube-score, but for exceptions with a reason', { timeout: 5 * 60_000 }, (context) => {
    if (kubeScore.command === null) return context.skip(kubeScore.reason);
    const [program = ''] = kubeScore.command;
    let checks = 0;
    const findings: Finding[] = [];
    for (const { name, file } of listFiles(folder)) {
      const args = ['score', '--kubernetes-version', KUBERNETES_VERSION, '--output-format', 'json', file];
      const run = spawnSync(program, args, { encoding: 'utf8', maxBuffer: OUTPUT_LIMIT });
      assert.notEqual(run.stdout, '', `${name}: ${run.stderr}`);
      // Null where a file holds nothing that it judges.
      const objects = (JSON.parse(run.stdout) ?? []) as {
        object_name: string;
        checks: { check: { id: string; name: string }; grade: number; skipped: boolean }[] | null;
      }[];
      for (const object of objects) {
        for (const { check, grade, skipped } of object.checks ?? []) {
          checks += 1;
          if (!skipped && grade <= CRITICAL) {
            findings.push({ check: check.id, what: `${name} ${object.object_name}: ${check.name}` });
          }
        }
      }
    }
    assert.ok(checks > 100, `only ${checks} checks were made`);
    const excepted = judge('kube-score', findings);
    context.diagnostic(`kube-score: 0 critical, ${checks} checks, ${excepted} excepted with a reason`);
  });
});

/** Fails on what no exception covers, and on exceptions that cover nothing. Answers how many findings were excepted. */
function judge(scanner: Exception['scanner'], findings: readonly Finding[]): number {
  const own = exceptions.filter((exception) => exception.scanner === scanner);
  for (const { check, reason } of own) assert.ok(reason.length > 40, `the exception ${check} gives no reason`);
  const excepted = new Set(own.map(({ check }) => check));
  const failed = findings.filter(({ check }) => !excepted.has(check)).map(({ check, what }) => `${check}: ${what}`);
  assert.deepEqual(failed, []);
  const needed = new Set(findings.map(({ check }) => check));
  assert.deepEqual(
    own.filter(({ check }) => !needed.has(check)),
    [],
    'nothing needs these exceptions any more',
  );
  return findings.length;
}

function writeCharts(folder: string): void {
  const guardrails = listGuardrails();
  for (const chartCase of chartCases()) {
    // Helm puts what names no namespace into the release's; a scanner would take it for the default one.
    const objects = renderChart(helm, chartCase).map((object) => ({
      ...object,
      metadata: { ...object.metadata, namespace: NAMESPACE },
    }));
    writeYaml(path.join(folder, `${chartCase.name.replaceAll('/', '-')}.yaml`), [...guardrails, ...objects]);
  }
  const platform = spawnSync(helm, ['template', 'souk', PLATFORM_CHART, '--namespace', 'souk'], { encoding: 'utf8' });
  writeFileSync(path.join(folder, 'platform.yaml'), platform.stdout);
}

function listGuardrails(): object[] {
  const scope = {
    namespace: NAMESPACE,
    store: { id: 'sto_abcdefghij', tenantId: 'ten_abcdefghij', engine: 'any' },
    settings: {
      ingressNamespace: 'souk-ingress',
      ingressPodLabels: { 'app.kubernetes.io/name': 'souk-ingress' },
      apiSubject: { kind: 'User', name: 'souk:api' },
      closedNetworks: [],
    },
  } as unknown as StoreScope;
  return guardrailObjects(scope, PLANS.standard, []).map(({ kind, manifest }) => ({
    apiVersion: RESOURCES[kind].apiVersion,
    kind,
    ...manifest,
  }));
}

/** In the older version of YAML, which the scanners read: a text `no` must not become a boolean. */
function writeYaml(file: string, objects: readonly object[]): void {
  writeFileSync(
    file,
    objects.map((object) => stringify(object, { version: '1.1', aliasDuplicateObjects: false })).join('---\n'),
  );
}

function listFiles(folder: string): { name: string; file: string }[] {
  const names = [...chartCases().map(({ name }) => name.replaceAll('/', '-')), 'platform'];
  return names.map((name) => ({ name, file: path.join(folder, `${name}.yaml`) }));
}
