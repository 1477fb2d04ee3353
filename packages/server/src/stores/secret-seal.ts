// Tells whether a store's Secret still holds what the platform put into it, without keeping any of it: an annotation on the Secret
// is the content's HMAC under the platform's key, which nobody in the cluster has. Whoever writes such a Secret seals it anew.
import { createHmac } from 'node:crypto';

export const SEAL_ANNOTATION = 'souk.dev/seal';

export interface SealedSecret {
  readonly storeId: string;
  readonly name: string;
  readonly data: Readonly<Record<string, string>>;
}

export function sealSecret(platformKey: Buffer, { storeId, name, data }: SealedSecret): string {
  const entries = Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHmac('sha256', platformKey)
    .update(JSON.stringify(['secret', storeId, name, entries]))
    .digest('hex');
}

/** A Secret without a seal was made by an older platform and says nothing. */
export function isSealBroken(platformKey: Buffer, secret: SealedSecret, seal: string | undefined): boolean {
  return seal !== undefined && seal !== sealSecret(platformKey, secret);
}
