// One store's shop as its engine sees it: the public address, and the store's own Secrets.
import type { ShopClient } from '../engines/engine.ts';
import { createShopTransport } from '../engines/shop-transport.ts';
import { type StoreScope, storeUrl } from './store-scope.ts';

export function createShopClient(scope: StoreScope): ShopClient {
  const publicUrl = new URL(storeUrl(scope));
  const connectTo = new URL(scope.settings.ingressUrl ?? publicUrl);
  return {
    request: createShopTransport({ connectTo, publicUrl, signal: scope.lease.signal }),
    async secret(name, key) {
      const secret = await scope.kube.readSecret({ name, namespace: scope.namespace }, scope.lease.signal);
      const value = secret?.[key];
      if (value === undefined) {
        throw new Error(`the store's Secret ${name} has no ${key}`);
      }
      return value;
    },
  };
}
