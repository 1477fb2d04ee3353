// What the WooCommerce chart promises beyond the rules for every chart: routes, TLS, secrets, the job of what is due, and that nothing
// a claim from the warm pool changes can restart a pod.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findProgram, whyMissing } from './find-program.ts';
import { chartCase, findObject, podTemplates, renderChart, renderText } from './render-chart.ts';

const helm = findProgram('helm') ?? '';
const needsHelm = { skip: helm === '' && whyMissing('helm') };

test('every host leads to the web pods, and TLS is there when, and only when, an issuer is set', needsHelm, () => {
  const hosts = ['acme.souk.localhost', 'store-abcdefghij.souk.localhost'];
  const plain = findObject(renderChart(helm, chartCase('woocommerce', 'standard')), 'Ingress', 'store');
  const rules = plain.spec?.rules as {
    host: string;
    http: { paths: { path: string; backend: { service: { name: string } } }[] };
  }[];
  assert.deepEqual(
    rules.map(({ host, http }) => [host, http.paths.map((entry) => [entry.path, entry.backend.service.name])]),
    hosts.map((host) => [host, [['/', 'web']]]),
  );
  assert.equal(plain.spec?.tls, undefined);
  const secured = findObject(renderChart(helm, chartCase('woocommerce', 'tls')), 'Ingress', 'store');
  assert.deepEqual(secured.spec?.tls, [{ secretName: 'store-tls', hosts }]);
});

test(
  'PHP gets the password of the database and the eight keys and salts, each from the existing Secret',
  needsHelm,
  () => {
    const pod = podTemplates(renderChart(helm, chartCase('woocommerce', 'standard'))).get('Deployment/web');
    type Variable = { name: string; valueFrom?: { secretKeyRef: { name: string; key: string } } };
    const php = pod?.spec.containers.find(({ name }) => name === 'php') as { env?: Variable[] } | undefined;
    const secrets = (php?.env ?? []).flatMap(({ name, valueFrom }) =>
      valueFrom ? [[name, valueFrom.secretKeyRef]] : [],
    );
    assert.equal(secrets.length, 9);
    for (const [, reference] of secrets) assert.equal((reference as { name: string }).name, 'store-internal');
    const keys = secrets.map(([, reference]) => (reference as { key: string }).key);
    assert.equal(new Set(keys).size, 9);
  },
);

test('probes ask PHP and the database, and only PHP decides over a restart', needsHelm, () => {
  const pod = podTemplates(renderChart(helm, chartCase('woocommerce', 'standard'))).get('Deployment/web');
  const php = pod?.spec.containers.find(({ name }) => name === 'php');
  const probes = [php?.startupProbe, php?.readinessProbe, php?.livenessProbe];
  const asked = probes.map((probe) => (probe as { httpGet?: { path: string } } | undefined)?.httpGet?.path);
  assert.deepEqual(asked, ['/healthz', '/healthz', '/livez']);
});

test('a volume holds the uploads and nothing else of the web root, and nginx cannot write to it', needsHelm, () => {
  const pod = podTemplates(renderChart(helm, chartCase('woocommerce', 'standard'))).get('Deployment/web');
  type Mount = { name: string; mountPath: string; readOnly?: boolean };
  const mountsOf = (name: string) =>
    (pod?.spec.containers.find((container) => container.name === name)?.volumeMounts ?? []) as Mount[];
  const uploads = '/srv/shop/public/wp-content/uploads';
  for (const container of ['php', 'nginx']) {
    const inShop = mountsOf(container).filter(({ mountPath }) => mountPath.startsWith('/srv'));
    assert.deepEqual(
      inShop.map(({ mountPath }) => mountPath),
      [uploads],
    );
  }
  assert.equal(mountsOf('nginx').find(({ mountPath }) => mountPath === uploads)?.readOnly, true);
});

test('what is due runs once at a time, never catches up, and its pods go by themselves', needsHelm, () => {
  const spec = findObject(renderChart(helm, chartCase('woocommerce', 'standard')), 'CronJob', 'cron').spec ?? {};
  assert.equal(spec.concurrencyPolicy, 'Forbid');
  assert.equal(spec.successfulJobsHistoryLimit, 0);
  const job = (spec.jobTemplate as { spec: Record<string, unknown> }).spec;
  assert.equal(job.backoffLimit, 0);
  assert.ok(Number(job.activeDeadlineSeconds) <= 120);
  assert.ok(Number(job.ttlSecondsAfterFinished) <= 3600);
});

test('a new host name, a new owner and a new certificate change no running pod', needsHelm, () => {
  const running = (settings?: string[]) => {
    const pods = podTemplates(renderChart(helm, chartCase('woocommerce', 'standard'), settings));
    pods.delete('CronJob/cron');
    return pods;
  };
  const changed = [
    'hosts=["other.souk.localhost"]',
    'store.tenantId="ten_zzzzzzzzzz"',
    'ingress.clusterIssuer="other"',
  ];
  assert.deepEqual(running(changed), running());
});

test('no pod is given the Secret that holds the password of the admin', needsHelm, () => {
  assert.doesNotMatch(renderText(helm, chartCase('woocommerce', 'large')), /store-admin/);
});

test('a value that the schema does not know, or of the wrong type, is refused at every depth', needsHelm, () => {
  const wrong = [
    'surprise=1',
    'php.surprise=1',
    'php.workers=0',
    'php.resources.limits.surprise="1"',
    'images.web=""',
    'hosts=[]',
    'hosts=["Not A Host"]',
    'baseDomain="localhost/.*"',
    'scheme="ftp"',
    'store.id="abc"',
    'database.size="huge"',
    'cron.schedule="now"',
  ];
  for (const setting of wrong) {
    assert.throws(() => renderText(helm, chartCase('woocommerce', 'standard'), [setting]), /schema/, setting);
  }
});
