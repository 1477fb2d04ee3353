// Writes one of a store's Secrets anew, whole and with its seal. Always whole: server-side apply takes away what its manager set
// before and leaves out now.
import { throwIfLeaseLost } from '../helm/helm.ts';
import { SEAL_ANNOTATION, sealSecret } from '../stores/secret-seal.ts';
import type { StoreScope } from './store-scope.ts';

/** `data` is all that the Secret is to hold, in clear. */
export async function applySecret(
  { kube, namespace, lease, store, settings }: StoreScope,
  name: string,
  data: Readonly<Record<string, string>>,
): Promise<void> {
  const seal = sealSecret(settings.platformKey, { storeId: store.id, name, data });
  const metadata = { name, namespace, annotations: { [SEAL_ANNOTATION]: seal } };
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'utf8').toString('base64')]);
  // Whoever calls this may have read the Secret first, and stood still over that.
  throwIfLeaseLost(lease);
  await kube.apply('Secret', { metadata, data: Object.fromEntries(encoded) }, lease.signal);
}
