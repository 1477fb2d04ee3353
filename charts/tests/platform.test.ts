// The rights of Souk's own processes, read from the rendered chart: what the worker may do everywhere, what it may take inside a store,
// and what the API may read there. What a cluster makes of them is tried in acceptance/isolation.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { API_ROLE, WORKER_ROLE } from '../../packages/server/src/reconcile/role-bindings.ts';
import { findProgram, whyMissing } from './find-program.ts';
import { ensureKubernetesSchemas } from './kubernetes-schemas.ts';
import { PLATFORM_CHART } from './render-chart.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}
interface AccessObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules?: readonly Rule[];
  readonly subjects?: readonly Readonly<Record<string, string>>[];
  readonly spec?: Readonly<Record<string, unknown>>;
}

const helm = findProgram('helm') ?? '';
const kubeconform = findProgram('kubeconform') ?? '';
const needsHelm = { skip: helm === '' && whyMissing('helm') };
const READING = ['get', 'list', 'watch'];

function renderText(valuesFile?: string): string {
  const values = valuesFile === undefined ? [] : ['--values', path.join(PLATFORM_CHART, valuesFile)];
  return execFileSync(helm, ['template', 'souk', PLATFORM_CHART, '--namespace', 'souk', ...values], {
    encoding: 'utf8',
  });
}

function render(valuesFile?: string): AccessObject[] {
  return parseAllDocuments(renderText(valuesFile)).map((document) => document.toJS() as AccessObject);
}

function rulesOf(role: string): readonly Rule[] {
  const found = render().find(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === role);
  assert.ok(found?.rules, `there is no ClusterRole ${role}`);
  return found.rules;
}

for (const valuesFile of [undefined, 'values-local.yaml']) {
  const name = valuesFile ?? 'its own values';
  test(`the platform's chart lints, and its objects satisfy Kubernetes, with ${name}`, {
    skip: needsHelm.skip || (kubeconform === '' && whyMissing('kubeconform')),
  }, () => {
    const values = valuesFile === undefined ? [] : ['--values', path.join(PLATFORM_CHART, valuesFile)];
    const lint = spawnSync(helm, ['lint', '--strict', PLATFORM_CHART, ...values], { encoding: 'utf8' });
    assert.equal(lint.status, 0, lint.stdout + lint.stderr);
    const args = ['-strict', '-summary', '-schema-location', ensureKubernetesSchemas()];
    const summary = execFileSync(kubeconform, args, { input: renderText(valuesFile), encoding: 'utf8' });
    assert.match(summary, /Invalid: 0, Errors: 0, Skipped: 0/);
  });
}

test('no role of Souk has a wildcard, escalates, impersonates, or deletes collections', needsHelm, () => {
  for (const { kind, metadata, rules = [] } of render()) {
    if (kind !== 'ClusterRole') continue;
    for (const { apiGroups, resources, verbs } of rules) {
      for (const word of [...apiGroups, ...resources, ...verbs]) {
        assert.ok(!['*', 'escalate', 'impersonate', 'deletecollection'].includes(word), `${metadata.name}: ${word}`);
      }
      assert.ok(!resources.some((resource) => ['nodes/proxy', 'serviceaccounts/token'].includes(resource)));
    }
  }
});

test('everywhere, the worker reads what stores are made of, never Secrets, and changes four things', needsHelm, () => {
  const changes: string[] = [];
  for (const { apiGroups, resources, verbs, resourceNames } of rulesOf('souk:worker')) {
    assert.ok(!resources.includes('secrets'), 'Secrets are read inside stores alone');
    for (const verb of verbs.filter((verb) => !READING.includes(verb))) {
      for (const resource of resources) {
        changes.push(
          [verb, ...apiGroups.filter((group) => group !== ''), resource, ...(resourceNames ?? [])].join(' '),
        );
      }
    }
  }
  assert.deepEqual(changes.sort(), [
    'bind rbac.authorization.k8s.io clusterroles souk:store-worker souk:store-api',
    'create namespaces',
    'create rbac.authorization.k8s.io rolebindings',
    'delete namespaces',
    'delete persistentvolumes',
  ]);
});

test('in a store, the API may read logs of pods and the Secret store-admin, and nothing else', needsHelm, () => {
  assert.deepEqual(rulesOf(API_ROLE), [
    { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
    { apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: ['store-admin'] },
  ]);
});

test(
  'in a store, the worker makes no roles and no tokens, and gives no role that it could not give before',
  needsHelm,
  () => {
    for (const { apiGroups, resources, verbs } of rulesOf(WORKER_ROLE)) {
      if (!apiGroups.includes('rbac.authorization.k8s.io')) continue;
      assert.deepEqual(resources, ['rolebindings']);
      assert.ok(!verbs.includes('bind'));
    }
  },
);

test(
  'the policy that makes self-binding safe is enforced, fails closed, and knows the worker by its name',
  needsHelm,
  () => {
    for (const [valuesFile, username] of [
      [undefined, 'system:serviceaccount:souk:souk-worker'],
      ['values-local.yaml', 'souk:worker'],
    ] as const) {
      const objects = render(valuesFile);
      const binding = objects.find(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding');
      assert.deepEqual(binding?.spec?.validationActions, ['Deny', 'Audit']);
      const policy = objects.find(({ kind }) => kind === 'ValidatingAdmissionPolicy');
      assert.equal(policy?.metadata.name, binding?.spec?.policyName);
      assert.equal(policy?.spec?.failurePolicy, 'Fail');
      assert.deepEqual(policy?.spec?.matchConditions, [
        { name: 'is-the-worker', expression: `request.userInfo.username == '${username}'` },
      ]);
      const bound = objects.find(({ kind }) => kind === 'ClusterRoleBinding');
      assert.equal(bound?.subjects?.length, 1);
      assert.equal(bound?.subjects?.[0]?.name, username.split(':').at(-1) === 'souk-worker' ? 'souk-worker' : username);
    }
  },
);
