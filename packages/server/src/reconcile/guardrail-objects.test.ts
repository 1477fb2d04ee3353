import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan } from '@souk/contract';
import { PLANS } from '../tenants/plans.ts';
import { guardrailObjects } from './guardrail-objects.ts';
import type { StoreScope } from './store-scope.ts';

const scope = {
  namespace: 'store-abcdefghij',
  store: { id: 'sto_abcdefghij', tenantId: 'ten_abcdefghij', engine: 'test-shop' },
  settings: {
    ingressNamespace: 'souk-ingress',
    ingressPodLabels: { 'app.kubernetes.io/name': 'souk-ingress' },
    apiSubject: { kind: 'User', name: 'souk:api' },
    closedNetworks: [],
  },
} as unknown as StoreScope;

function specOf(plan: Plan, kind: string, name: string): Record<string, unknown> {
  const found = guardrailObjects(scope, plan).find(
    (guardrail) => guardrail.kind === kind && guardrail.manifest.metadata.name === name,
  );
  assert.ok(found, `${kind} ${name}`);
  return found.manifest.spec as Record<string, unknown>;
}

test('the quota of plan standard is the one that was required, and no service is reached from outside the cluster', () => {
  const { hard } = specOf(PLANS.standard, 'ResourceQuota', 'plan') as { hard: Record<string, string> };
  const required = {
    pods: '20',
    'requests.cpu': '2',
    'limits.cpu': '4',
    'requests.memory': '4Gi',
    'limits.memory': '8Gi',
    persistentvolumeclaims: '5',
    'requests.storage': '20Gi',
    'services.loadbalancers': '0',
    'services.nodeports': '0',
  };
  assert.deepEqual({ ...hard, ...required }, hard);
});

test('every plan counts objects and bounds the disk of the node, and a bigger plan is never less', () => {
  const quotas = [PLANS.small, PLANS.standard, PLANS.large].map(
    (plan) => (specOf(plan, 'ResourceQuota', 'plan') as { hard: Record<string, string> }).hard,
  );
  for (const [index, hard] of quotas.entries()) {
    for (const kind of ['secrets', 'configmaps', 'services', 'deployments.apps', 'statefulsets.apps', 'jobs.batch']) {
      assert.ok(Number(hard[`count/${kind}`]) > 0, kind);
    }
    assert.equal(hard['count/daemonsets.apps'], '0');
    for (const amount of ['pods', 'limits.cpu', 'limits.memory', 'requests.storage', 'limits.ephemeral-storage']) {
      const [before, now] = [quotas[index - 1]?.[amount] ?? '0', hard[amount] ?? ''];
      assert.ok(Number.parseInt(before, 10) < Number.parseInt(now, 10), `${amount}: ${before}, then ${now}`);
    }
  }
});

test('a container that states nothing gets the required limits, and none may state more than the required most', () => {
  const { limits } = specOf(PLANS.standard, 'LimitRange', 'container') as { limits: Record<string, object>[] };
  const [container] = limits;
  assert.deepEqual(container?.defaultRequest, { cpu: '100m', memory: '128Mi', 'ephemeral-storage': '64Mi' });
  assert.deepEqual(container?.default, { cpu: '500m', memory: '512Mi', 'ephemeral-storage': '1Gi' });
  assert.deepEqual(container?.max, { cpu: '2', memory: '4Gi' });
});

test('all pods are denied both ways first; only web pods are opened, and only to the ingress controller', () => {
  assert.deepEqual(specOf(PLANS.small, 'NetworkPolicy', 'deny-all'), {
    podSelector: {},
    policyTypes: ['Ingress', 'Egress'],
  });
  const web = specOf(PLANS.small, 'NetworkPolicy', 'allow-ingress-to-web');
  assert.deepEqual(web.podSelector, { matchLabels: { 'souk.dev/web': 'true' } });
  assert.deepEqual(web.ingress, [
    {
      from: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'souk-ingress' } },
          podSelector: { matchLabels: { 'app.kubernetes.io/name': 'souk-ingress' } },
        },
      ],
    },
  ]);
});
