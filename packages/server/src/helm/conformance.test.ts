// What `Helm` promises, asked of the double and, where KUBECONFIG and HELM_PATH name a cluster and the program, of the real ones.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { connectKube } from '../kube/connect-kube.ts';
import type { Kube } from '../kube/kube.ts';
import { createMemoryKube } from '../kube/memory-kube.ts';
import type { ActionLease, Helm, ReleaseUpgrade } from './helm.ts';
import { HelmError } from './helm-error.ts';
import { createMemoryHelm } from './memory-helm.ts';
import { createMemorySink } from './memory-sink.ts';
import { createHelm } from './real-helm.ts';

const kubeconfig = process.env.KUBECONFIG ?? null;
const helmPath = process.env.HELM_PATH ?? null;
const whySkipped =
  kubeconfig === null || helmPath === null ? 'KUBECONFIG and HELM_PATH name no cluster and program' : false;
const LABELS = { managedBy: 'souk' };

interface Subject {
  readonly kube: Kube;
  readonly helm: Helm;
  /** Leaves a record of the newest revision in this state, as a process that was killed does. */
  readonly leaveAs: (namespace: string, revision: number, status: string) => Promise<void>;
}

const lease = (signal: AbortSignal = new AbortController().signal): ActionLease => ({ signal, msLeft: () => 9_000 });

describe('the double', () => promisesOfHelm(connectDouble));
describe('real Helm', { skip: whySkipped }, () => promisesOfHelm(connectReal));

async function connectDouble(): Promise<Subject> {
  const kube = createMemoryKube();
  const helm = createMemoryHelm(createMemorySink(kube), ({ values }) =>
    Object.keys(values.services as object).map((name) => ({ kind: 'Service', name, fields: {} })),
  );
  return {
    kube,
    helm,
    leaveAs: async (namespace, revision, status) => {
      const name = `sh.helm.release.v1.shop.v${revision}`;
      const labels = { owner: 'helm', name: 'shop', version: String(revision), status };
      kube.put('Secret', { namespace, name }, { metadata: { labels } });
    },
  };
}

async function connectReal(): Promise<Subject> {
  const kube = await connectKube({ kubeconfig, context: null });
  const helm = await createHelm({
    helmPath: helmPath ?? '',
    kubeconfig,
    context: null,
    homeFolder: await mkdtemp(join(tmpdir(), 'souk-helm-')),
    listRecords: async ({ namespace, name }, signal) => {
      const { items } = await kube.listMetadata('Secret', { namespace, labels: `owner=helm,name=${name}` }, signal);
      return items.map(({ metadata }) => metadata.labels ?? {});
    },
  });
  return {
    kube,
    helm,
    leaveAs: async (namespace, revision, status) => {
      const metadata = { name: `sh.helm.release.v1.shop.v${revision}`, namespace, labels: { status } };
      const found = await kube.get('Secret', metadata);
      const release = editRelease(found?.data?.release ?? '', status);
      await kube.apply('Secret', { metadata, data: { release }, type: 'helm.sh/release.v1' });
    },
  };
}

/** Helm reads the status from inside its record, which is gzipped JSON, twice in base 64. */
function editRelease(data: string, status: string): string {
  const packed = Buffer.from(Buffer.from(data, 'base64').toString('utf8'), 'base64');
  const release = JSON.parse(gunzipSync(packed).toString('utf8')) as { info: { status: string } };
  release.info.status = status;
  return Buffer.from(gzipSync(JSON.stringify(release)).toString('base64')).toString('base64');
}

function promisesOfHelm(connect: () => Promise<Subject>): void {
  const base = `conformance-${randomBytes(4).toString('hex')}`;
  const made: string[] = [];
  let subject: Subject;
  let chartPath: string;

  before(async () => {
    subject = await connect();
    chartPath = await writeChart();
  });

  after(async () => {
    for (const name of made) {
      const found = await subject.kube.get('Namespace', { name });
      await subject.kube.delete('Namespace', { name }, { uid: found?.metadata.uid ?? '' });
    }
    subject.kube.close();
    await rm(chartPath, { recursive: true });
  });

  async function newRelease(): Promise<ReleaseUpgrade> {
    const namespace = `${base}-${made.length}`;
    made.push(namespace);
    await subject.kube.createIfAbsent('Namespace', { metadata: { name: namespace, labels: LABELS } });
    return { namespace, name: 'shop', chartPath, values: { services: { front: 80 } }, fingerprint: 'first' };
  }
  const servicesIn = async (namespace: string) =>
    (await subject.kube.listMetadata('Service', { namespace })).items.map(({ metadata }) => metadata.name).sort();

  it('reads no release where there is none', async () => {
    const release = await newRelease();
    assert.equal(await subject.helm.readRelease(release), null);
  });

  it('installs, and remembers what it was installed from', async () => {
    const release = await newRelease();
    await subject.helm.upgrade(release, lease());
    assert.deepEqual(await subject.helm.readRelease(release), {
      revision: 1,
      status: 'deployed',
      fingerprint: 'first',
      lastDeployedRevision: 1,
    });
    assert.deepEqual(await servicesIn(release.namespace), ['front']);
  });

  it('upgrades with full values: nothing of the former ones stays', async () => {
    const release = await newRelease();
    await subject.helm.upgrade(release, lease());
    await subject.helm.upgrade(
      { ...release, values: { services: { front: 80, back: 90 } }, fingerprint: 'second' },
      lease(),
    );
    const found = await subject.helm.readRelease(release);
    assert.deepEqual([found?.revision, found?.status, found?.fingerprint], [2, 'deployed', 'second']);
    assert.deepEqual(await servicesIn(release.namespace), ['back', 'front']);
  });

  it('puts back what somebody removed when it installs again', async () => {
    const release = await newRelease();
    await subject.helm.upgrade(release, lease());
    const front = await subject.kube.get('Service', { namespace: release.namespace, name: 'front' });
    await subject.kube.delete(
      'Service',
      { namespace: release.namespace, name: 'front' },
      { uid: front?.metadata.uid ?? '' },
    );
    await subject.helm.upgrade(release, lease());
    assert.deepEqual(await servicesIn(release.namespace), ['front']);
  });

  it('puts back what somebody removed or changed out of its own record, and says so under the same fingerprint', async () => {
    const release = await newRelease();
    await subject.helm.upgrade(release, lease());
    const ref = { namespace: release.namespace, name: 'front' };
    const front = await subject.kube.get('Service', ref);
    await subject.kube.delete('Service', ref, { uid: front?.metadata.uid ?? '' });
    await subject.helm.rollback(release, 1, lease());
    assert.deepEqual(await servicesIn(release.namespace), ['front']);
    const found = await subject.helm.readRelease(release);
    assert.deepEqual([found?.revision, found?.status, found?.fingerprint], [2, 'deployed', 'first']);
  });

  it('installs over the objects of a release whose records were removed', async () => {
    const release = await newRelease();
    await subject.helm.upgrade(release, lease());
    const { items } = await subject.kube.listMetadata('Secret', { namespace: release.namespace, labels: 'owner=helm' });
    for (const { metadata } of items) {
      const ref = { namespace: release.namespace, name: metadata.name };
      await subject.kube.delete('Secret', ref, { uid: metadata.uid });
    }
    assert.equal(await subject.helm.readRelease(release), null);
    await subject.helm.upgrade(release, lease());
    assert.equal((await subject.helm.readRelease(release))?.status, 'deployed');
  });

  it('uninstalls without a trace, and again without an error', async () => {
    const release = await newRelease();
    await subject.helm.upgrade(release, lease());
    await subject.helm.uninstall(release, lease());
    assert.equal(await subject.helm.readRelease(release), null);
    assert.deepEqual(await servicesIn(release.namespace), []);
    await subject.helm.uninstall(release, lease());
  });

  it('refuses to change a pending first revision, which an uninstall clears', async () => {
    const release = await newRelease();
    await subject.helm.upgrade(release, lease());
    await subject.leaveAs(release.namespace, 1, 'pending-install');
    assert.equal((await subject.helm.readRelease(release))?.lastDeployedRevision, null);
    await assert.rejects(subject.helm.upgrade(release, lease()), HelmError);
    await subject.helm.uninstall(release, lease());
    await subject.helm.upgrade(release, lease());
    assert.equal((await subject.helm.readRelease(release))?.status, 'deployed');
  });

  it('refuses to change a pending later revision, which a rollback clears', async () => {
    const release = await newRelease();
    await subject.helm.upgrade(release, lease());
    await subject.helm.upgrade({ ...release, fingerprint: 'second' }, lease());
    await subject.leaveAs(release.namespace, 2, 'pending-upgrade');
    await assert.rejects(subject.helm.upgrade(release, lease()), /in progress/);
    await subject.helm.rollback(release, 1, lease());
    assert.equal((await subject.helm.readRelease(release))?.status, 'deployed');
    await subject.helm.upgrade({ ...release, fingerprint: 'third' }, lease());
    assert.equal((await subject.helm.readRelease(release))?.fingerprint, 'third');
  });

  it('begins anew after a first revision that failed is uninstalled', async () => {
    const release = await newRelease();
    await subject.helm.upgrade(release, lease());
    await subject.leaveAs(release.namespace, 1, 'failed');
    assert.equal((await subject.helm.readRelease(release))?.lastDeployedRevision, null);
    await subject.helm.uninstall(release, lease());
    await subject.helm.upgrade(release, lease());
    const found = await subject.helm.readRelease(release);
    assert.deepEqual([found?.revision, found?.status], [1, 'deployed']);
  });

  it('does nothing without a lease', async () => {
    const release = await newRelease();
    const lost = lease(AbortSignal.abort(new Error('the lease is lost')));
    await assert.rejects(subject.helm.upgrade(release, lost), /the lease is lost/);
    assert.equal(await subject.helm.readRelease(release), null);
  });
}

async function writeChart(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'souk-chart-'));
  await mkdir(join(folder, 'templates'));
  await writeFile(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: services\nversion: 1.0.0\n');
  await writeFile(join(folder, 'values.yaml'), 'services: {}\n');
  const template = [
    '{{- range $name, $port := .Values.services }}',
    '---',
    'apiVersion: v1',
    'kind: Service',
    'metadata: { name: {{ $name }} }',
    'spec: { ports: [{ port: {{ $port }} }], selector: { app: {{ $name }} } }',
    '{{- end }}',
  ];
  await writeFile(join(folder, 'templates', 'services.yaml'), template.join('\n'));
  return folder;
}
