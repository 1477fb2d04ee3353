import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readClusterAccess } from './kubeconfig.ts';

describe('reading a kubeconfig', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'souk-kubeconfig-'));
    await writeFile(join(folder, 'ca.crt'), 'the authority');
    await writeFile(join(folder, 'token'), 'from-a-file\n');
    await writeFile(
      join(folder, 'config'),
      `
current-context: local
contexts:
  - { name: local, context: { cluster: here, user: certificate } }
  - { name: other, context: { cluster: there, user: token-file } }
  - { name: broken, context: { cluster: nowhere, user: certificate } }
clusters:
  - { name: here, cluster: { server: 'https://10.0.0.1:6443', certificate-authority-data: ${Buffer.from('inline').toString('base64')} } }
  - { name: there, cluster: { server: 'https://10.0.0.2:6443/k8s', certificate-authority: ca.crt } }
users:
  - { name: certificate, user: { client-certificate-data: ${Buffer.from('cert').toString('base64')}, client-key-data: ${Buffer.from('key').toString('base64')} } }
  - { name: token-file, user: { tokenFile: token } }
`,
    );
  });
  after(() => rm(folder, { recursive: true }));

  it('takes the current context, with inline certificates', async () => {
    const access = await readClusterAccess({ kubeconfig: join(folder, 'config') });
    assert.deepEqual(
      [access.server.href, access.ca, access.cert, access.key],
      ['https://10.0.0.1:6443/', 'inline', 'cert', 'key'],
    );
    assert.equal(await access.authorize(), null);
  });

  it('takes another context by name, with files beside it', async () => {
    const access = await readClusterAccess({ kubeconfig: join(folder, 'config'), context: 'other' });
    assert.deepEqual([access.server.pathname, access.ca], ['/k8s', 'the authority']);
    assert.equal(await access.authorize(), 'Bearer from-a-file');
  });

  it('says which context is not usable', async () => {
    await assert.rejects(
      readClusterAccess({ kubeconfig: join(folder, 'config'), context: 'broken' }),
      /no usable context "broken"/,
    );
  });
});
