// Kubeconfig files, with their certificates inside, so that one file is all a program needs.

import { writeFileAtomically } from '../host/files.ts';
import type { KeyPair } from './certificate-authority.ts';

export type Kubeconfig = { file: string; server: string; authority: string; user: string; pair: KeyPair };

export async function writeKubeconfig(config: Kubeconfig): Promise<void> {
  await writeFileAtomically(config.file, renderKubeconfig(config), 0o600);
}

// JSON is YAML as well, and needs no library to be quoted right.
export function renderKubeconfig({ server, authority, user, pair }: Omit<Kubeconfig, 'file'>): string {
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'souk',
    clusters: [{ name: 'souk', cluster: { server, 'certificate-authority-data': encode(authority) } }],
    users: [
      {
        name: user,
        user: { 'client-certificate-data': encode(pair.certificate), 'client-key-data': encode(pair.key) },
      },
    ],
    contexts: [{ name: 'souk', context: { cluster: 'souk', user } }],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
