// Looks after the Secrets of stores: the records of the Helm release and the credentials. They are listed store by store, by their
// metadata, at every resync, and sooner when something tells that they changed. Contents are read only where metadata changed.
import { STORE_LABEL, storeNamespace } from '../ids.ts';
import type { ObjectMeta } from '../kube/kinds.ts';
import type { Kube } from '../kube/kube.ts';
import { isKubeError } from '../kube/kube-error.ts';
import { isSealBroken, SEAL_ANNOTATION } from '../stores/secret-seal.ts';

export interface SecretInspector {
  /** What is wrong, in words; null when nothing is, or nothing may be seen. */
  inspect(storeId: string, signal: AbortSignal): Promise<string | null>;
  /** Forgets what was verified of stores that are not among these. */
  keepOnly(storeIds: ReadonlySet<string>): void;
}

export function createSecretInspector(kube: Kube, platformKey: Buffer): SecretInspector {
  // Store → Secret → the version whose content was found intact.
  const verified = new Map<string, ReadonlyMap<string, string>>();

  async function findBroken(storeId: string, secrets: readonly ObjectMeta[], signal: AbortSignal): Promise<string[]> {
    const before = verified.get(storeId);
    const intact = new Map<string, string>();
    const broken: string[] = [];
    for (const { name, uid, resourceVersion, annotations } of secrets) {
      const version = `${uid}@${resourceVersion}`;
      if (before?.get(name) !== version) {
        const data = await kube.readSecret({ namespace: storeNamespace(storeId), name }, signal);
        if (data !== null && isSealBroken(platformKey, { storeId, name, data }, annotations?.[SEAL_ANNOTATION])) {
          broken.push(name);
          continue;
        }
      }
      intact.set(name, version);
    }
    verified.set(storeId, intact);
    return broken;
  }

  return {
    async inspect(storeId, signal) {
      const namespace = storeNamespace(storeId);
      try {
        const { items } = await kube.listMetadata('Secret', { namespace }, signal);
        const secrets = items.map(({ metadata }) => metadata);
        if (!secrets.some(({ labels }) => labels?.owner === 'helm' && labels.name === namespace)) {
          return 'the records of its Helm release were removed';
        }
        const own = secrets.filter(({ labels }) => labels?.[STORE_LABEL] === storeId);
        if (!own.some(({ labels }) => labels?.['souk.dev/credentials'] === 'complete')) {
          return 'a Secret with its credentials was removed';
        }
        const broken = await findBroken(storeId, own, signal);
        return broken.length === 0 ? null : `the Secret ${broken.join(', ')} was edited`;
      } catch (error) {
        // Without its namespace, or the right that is bound in it, a store has other troubles, which the watch sees.
        if (isKubeError(error, 403) || isKubeError(error, 404)) {
          return null;
        }
        throw error;
      }
    },
    keepOnly(storeIds) {
      for (const storeId of verified.keys()) {
        if (!storeIds.has(storeId)) {
          verified.delete(storeId);
        }
      }
    },
  };
}
