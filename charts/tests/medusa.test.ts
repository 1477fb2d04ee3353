// What the Medusa chart promises beyond the rules for every chart: routes, TLS, the split of plan large, and that nothing a claim
// from the warm pool changes can restart a pod.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findProgram, whyMissing } from './find-program.ts';
import { chartCase, findObject, podTemplates, renderChart, renderText } from './render-chart.ts';

const helm = findProgram('helm') ?? '';
const needsHelm = { skip: helm === '' && whyMissing('helm') };

test(
  'every host leads the API, the admin and the pictures to the backend and all else to the storefront',
  needsHelm,
  () => {
    const ingress = findObject(renderChart(helm, chartCase('medusa', 'standard')), 'Ingress', 'store');
    const rules = ingress.spec?.rules as {
      host: string;
      http: { paths: { path: string; pathType: string; backend: { service: { name: string } } }[] };
    }[];
    assert.deepEqual(
      rules.map((rule) => rule.host),
      ['acme.souk.localhost', 'store-abcdefghij.souk.localhost'],
    );
    for (const { http } of rules) {
      const routes = Object.fromEntries(http.paths.map((entry) => [entry.path, entry.backend.service.name]));
      const backend = ['/store', '/admin', '/auth', '/app', '/health', '/static'].map((prefix) => [prefix, 'backend']);
      assert.deepEqual(routes, { ...Object.fromEntries(backend), '/': 'storefront' });
      assert.ok(http.paths.every((entry) => entry.pathType === 'Prefix'));
    }
  },
);

test('the Ingress gets its tls block when, and only when, an issuer is set', needsHelm, () => {
  const hosts = ['acme.souk.localhost', 'store-abcdefghij.souk.localhost'];
  const secured = findObject(renderChart(helm, chartCase('medusa', 'tls')), 'Ingress', 'store');
  assert.deepEqual(secured.spec?.tls, [{ secretName: 'store-tls', hosts }]);
  assert.deepEqual(secured.metadata.annotations, { 'cert-manager.io/cluster-issuer': 'letsencrypt' });
  const plain = findObject(renderChart(helm, chartCase('medusa', 'standard')), 'Ingress', 'store');
  assert.equal(plain.spec?.tls, undefined);
});

test('plan large runs backends that only answer, a worker that only works, and an autoscaler', needsHelm, () => {
  const objects = renderChart(helm, chartCase('medusa', 'large'));
  const modes = [...podTemplates(objects)].flatMap(([owner, { spec }]) => {
    const env = ((spec.containers[0] as { env?: { name: string; value?: string }[] } | undefined)?.env ?? []) as {
      name: string;
      value?: string;
    }[];
    const mode = env.find(({ name }) => name === 'MEDUSA_WORKER_MODE')?.value;
    return mode === undefined ? [] : [[owner, mode]];
  });
  assert.deepEqual(Object.fromEntries(modes), { 'Deployment/backend': 'server', 'Deployment/worker': 'worker' });
  assert.equal(findObject(objects, 'HorizontalPodAutoscaler', 'backend').spec?.minReplicas, 2);
  // Stated, it would undo the autoscaler's choice at every upgrade.
  assert.equal(findObject(objects, 'Deployment', 'backend').spec?.replicas, undefined);
});

test('a new host name, a new owner and a new certificate change no pod', needsHelm, () => {
  const before = podTemplates(renderChart(helm, chartCase('medusa', 'standard')));
  const changed = ['hosts=["other.example.org"]', 'store.tenantId="ten_zzzzzzzzzz"', 'ingress.clusterIssuer="other"'];
  const after = podTemplates(renderChart(helm, chartCase('medusa', 'standard'), changed));
  assert.deepEqual(after, before);
});

test('pods get a user namespace of their own exactly where the value says so', needsHelm, () => {
  for (const [owner, { spec }] of podTemplates(renderChart(helm, chartCase('medusa', 'standard')))) {
    assert.equal(spec.hostUsers, false, owner);
  }
  for (const [owner, { spec }] of podTemplates(renderChart(helm, chartCase('medusa', 'tls')))) {
    assert.equal(spec.hostUsers, undefined, owner);
  }
});

test('no pod is given the Secret that holds the password of the admin', needsHelm, () => {
  assert.doesNotMatch(renderText(helm, chartCase('medusa', 'large')), /store-admin/);
});

test('a value that the schema does not know, or of the wrong type, is refused at every depth', needsHelm, () => {
  const wrong = [
    'surprise=1',
    'backend.surprise=1',
    'backend.resources.limits.surprise="1"',
    'images.backend=""',
    'hosts=[]',
    'hosts=["Not A Host"]',
    'store.id="abc"',
    'database.size="huge"',
    'userNamespaces="yes"',
    'backend.corsOrigins=["https://a.example,https://b.example"]',
  ];
  for (const setting of wrong) {
    assert.throws(() => renderText(helm, chartCase('medusa', 'standard'), [setting]), /schema/, setting);
  }
});
