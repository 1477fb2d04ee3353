import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { CertificateAuthority } from './certificate-authority.ts';
import { renderKubeconfig } from './kubeconfig.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'souk-pki-'));
});
after(async () => {
  await rm(folder, { recursive: true });
});

const request = {
  commonName: 'system:node:souk',
  organizations: ['system:nodes'],
  dnsNames: ['souk'],
  ips: ['100.64.0.2'],
};

test('a certificate is signed by its authority and names what was asked for', async () => {
  const authority = await CertificateAuthority.open(folder, 'test');
  const pair = await authority.issue('node', request);
  const certificate = new X509Certificate(pair.certificate);
  assert.ok(certificate.verify(new X509Certificate(authority.certificate).publicKey));
  assert.equal(certificate.subject, 'O=system:nodes\nCN=system:node:souk');
  assert.equal(certificate.checkHost('souk'), 'souk');
  assert.equal(certificate.checkIP('100.64.0.2'), '100.64.0.2');
  assert.equal(certificate.ca, false);
});

test('keys can be read by their owner alone', async () => {
  for (const name of ['ca.key', 'node.key']) assert.equal((await stat(path.join(folder, name))).mode & 0o777, 0o600);
});

test('opened again, the authority and what it signed stay the same', async () => {
  const first = await CertificateAuthority.open(folder, 'test');
  const pair = await first.issue('node', request);
  const second = await CertificateAuthority.open(folder, 'test');
  assert.equal(second.certificate, first.certificate);
  assert.equal((await second.issue('node', request)).certificate, pair.certificate);
});

test('a certificate that lacks an address is signed anew', async () => {
  const authority = await CertificateAuthority.open(folder, 'test');
  const before = await authority.issue('node', request);
  const moved = await authority.issue('node', { ...request, ips: ['100.64.0.6'] });
  assert.notEqual(moved.certificate, before.certificate);
  assert.equal(new X509Certificate(moved.certificate).checkIP('100.64.0.6'), '100.64.0.6');
});

test('a certificate of an authority that is no more is signed anew', async () => {
  const authority = await CertificateAuthority.open(folder, 'test');
  const before = await authority.issue('client', { commonName: 'api' });
  await rm(path.join(folder, 'ca.crt'));
  const next = await CertificateAuthority.open(folder, 'test');
  const after = await next.issue('client', { commonName: 'api' });
  assert.notEqual(after.certificate, before.certificate);
  assert.ok(new X509Certificate(after.certificate).verify(new X509Certificate(next.certificate).publicKey));
});

test('an authority whose writing was cut off after its key is made again', async () => {
  const half = path.join(folder, 'half');
  const whole = await CertificateAuthority.open(half, 'test');
  await rm(path.join(half, 'ca.crt'));
  await writeFile(path.join(half, 'ca.key'), 'half');
  assert.notEqual((await CertificateAuthority.open(half, 'test')).certificate, whole.certificate);
});

test('a kubeconfig holds all that is needed to connect', () => {
  const pair = { certificate: 'CERT', key: 'KEY' };
  const config = JSON.parse(
    renderKubeconfig({ server: 'https://100.64.0.2:6443', authority: 'CA', user: 'souk:api', pair }),
  );
  assert.equal(config.clusters[0].cluster.server, 'https://100.64.0.2:6443');
  assert.equal(Buffer.from(config.users[0].user['client-key-data'], 'base64').toString(), 'KEY');
  assert.deepEqual(config.contexts[0].context, { cluster: 'souk', user: 'souk:api' });
});
