// Something in a store's namespace that its deletion waits for, as controllers of others leave it behind.
import type { Platform } from '../platform.ts';

/** How Kubernetes names what it waits for. */
export const HOLDER = 'tests.souk.dev/held';
const NAME = 'held';

export async function holdNamespace(platform: Platform, namespace: string): Promise<void> {
  await platform.kubectl('-n', namespace, 'create', 'configmap', NAME);
  await setFinalizers(platform, namespace, [HOLDER]);
}

/** Also when nothing of it is left. */
export async function letNamespaceGo(platform: Platform, namespace: string): Promise<void> {
  const found = await platform.kubectl('-n', namespace, 'get', 'configmap', NAME, '--ignore-not-found', '-o', 'name');
  if (found !== '') await setFinalizers(platform, namespace, []);
}

async function setFinalizers(platform: Platform, namespace: string, finalizers: readonly string[]): Promise<void> {
  const patch = JSON.stringify({ metadata: { finalizers } });
  await platform.kubectl('-n', namespace, 'patch', 'configmap', NAME, '--type=merge', '-p', patch);
}
