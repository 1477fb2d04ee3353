import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan } from '@souk/contract';
import type { NodeObject } from '../kube/kinds.ts';
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
  const found = guardrailObjects(scope, plan, []).find(
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

test('public addresses of nodes are closed without being configured, whatever the order in which nodes are listed', () => {
  const node = (...addresses: string[]): NodeObject =>
    ({ status: { addresses: addresses.map((address) => ({ type: 'ExternalIP', address })) } }) as unknown as NodeObject;
  const nodes = [node('203.0.113.9', '10.0.0.4', '2001:db8::9', 'fd00::4'), node('203.0.113.7', 'a-host-name')];
  const closedBy = (listed: readonly NodeObject[]): readonly string[][] => {
    const settings = { ...scope.settings, closedNetworks: ['203.0.113.7/32', '198.51.100.0/24'] };
    const policy = guardrailObjects({ ...scope, settings }, PLANS.standard, listed).find(
      ({ manifest }) => manifest.metadata.name === 'allow-internet',
    );
    const { egress } = (policy?.manifest.spec ?? { egress: [] }) as {
      egress: { to: { ipBlock: { except: string[] } }[] }[];
    };
    return egress[0]?.to.map(({ ipBlock }) => ipBlock.except) ?? [];
  };
  const [none = [], seen = []] = [closedBy([]), closedBy(nodes)];
  const more = seen.map((except, index) => except.filter((network) => !none[index]?.includes(network)));
  assert.deepEqual(more, [['203.0.113.9/32'], ['2001:db8::9/128']]);
  assert.ok(none[0]?.includes('198.51.100.0/24'));
  assert.deepEqual(closedBy([...nodes].reverse()), seen);
});
