// Namespaces that look like a store's and are none's.
import { randomBytes } from 'node:crypto';
import type { Store } from '@souk/contract';
import type { Platform } from './platform.ts';
import { namespaceOf } from './stores.ts';

/** The id of a store that never was. */
export function inventId(): string {
  return `sto_${[...randomBytes(10)].map((byte) => 'abcdefghij'.charAt(byte % 10)).join('')}`;
}

export async function readTenant(platform: Platform, store: Store): Promise<string> {
  const label = 'jsonpath={.metadata.labels.souk\\.dev/tenant}';
  return await platform.kubectl('get', 'namespace', namespaceOf(store), '-o', label);
}

export async function makeStrayNamespace(platform: Platform, id: string, tenant: string): Promise<void> {
  const name = namespaceOf({ id });
  const labels = ['app.kubernetes.io/managed-by=souk', `souk.dev/store=${id}`, `souk.dev/tenant=${tenant}`];
  await platform.kubectl('create', 'namespace', name);
  await platform.kubectl('label', 'namespace', name, ...labels);
}

export async function isNamespaceThere(platform: Platform, id: string): Promise<boolean> {
  const name = namespaceOf({ id });
  return (await platform.kubectl('get', 'namespace', name, '--ignore-not-found', '-o', 'name')) !== '';
}
