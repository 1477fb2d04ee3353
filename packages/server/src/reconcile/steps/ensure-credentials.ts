// The store's Secrets, made once in its life and never overwritten: its database would not know a new password. A password that
// was given at create time is opened from its sealed row, which goes as soon as the Secrets hold it.
import { randomBytes } from 'node:crypto';
import { ADMIN_SECRET, type StoreSecrets } from '../../engines/engine.ts';
import { TerminalError } from '../../errors.ts';
import { deleteSealedPassword, openPassword, readSealedPassword } from '../../stores/sealed-password.ts';
import { PASSWORD_LABEL } from '../given-password.ts';
import { underFence } from '../observed-store.ts';
import { DONE, type StepOutcome } from '../step.ts';
import { type StoreScope, storeLabels } from '../store-scope.ts';

export async function ensureCredentials(scope: StoreScope): Promise<StepOutcome> {
  const { store, db, fence } = scope;
  const sealed = await readSealedPassword(db, store.id);
  const adminPassword = sealed === null ? null : openPassword(scope.settings.platformKey, store.id, sealed);
  const existing = await listCredentials(scope);
  if (!existing.isComplete) {
    await makeCredentials(scope, existing, adminPassword);
  }
  if (sealed !== null) {
    await scope.act('delete-sealed-password', () =>
      underFence(db, { storeId: store.id, fence }, (tx) => deleteSealedPassword(tx, store.id)),
    );
  }
  return DONE;
}

interface Credentials {
  readonly secrets: readonly { readonly name: string; readonly uid: string }[];
  readonly isComplete: boolean;
}

/** The last one made carries a mark, so completeness needs no knowledge of what an engine's Secrets are called. */
const COMPLETE_LABEL = 'souk.dev/credentials';

async function listCredentials({ kube, namespace, lease }: StoreScope): Promise<Credentials> {
  const { items } = await kube.listMetadata('Secret', { namespace, labels: 'souk.dev/store' }, lease.signal);
  return {
    secrets: items.map(({ metadata }) => ({ name: metadata.name, uid: metadata.uid })),
    isComplete: items.some(({ metadata }) => metadata.labels?.[COMPLETE_LABEL] === 'complete'),
  };
}

/**
 * The Secrets belong together: one holds a password, another its hash. Where an earlier attempt made only some of them, no release
 * can have read those yet, so they are made anew. Where one is gone from under a release, nothing we could make would fit.
 */
async function makeCredentials(scope: StoreScope, existing: Credentials, adminPassword: string | null): Promise<void> {
  const { kube, namespace, lease, engine, store } = scope;
  if ((await scope.helm.readRelease({ namespace, name: namespace }, lease.signal)) !== null) {
    throw new TerminalError(
      'credentials_lost',
      'a Secret of the store was removed; its database knows no other password',
    );
  }
  if (existing.secrets.length > 0) {
    await scope.act('delete-half-credentials', () =>
      Promise.all(
        existing.secrets.map(({ name, uid }) => kube.delete('Secret', { name, namespace }, { uid }, lease.signal)),
      ),
    );
  }
  const secrets = await engine.secrets({ title: store.name, adminEmail: store.adminEmail, adminPassword, randomBytes });
  const manifests = secretManifests(scope, secrets, adminPassword !== null);
  for (const manifest of manifests) {
    await scope.act('create-credentials', () => kube.createIfAbsent('Secret', manifest, lease.signal));
  }
}

function secretManifests({ namespace, store }: StoreScope, secrets: StoreSecrets, isGiven: boolean) {
  const entries = Object.entries(secrets);
  return entries.map(([name, stringData], index) => ({
    metadata: {
      name,
      namespace,
      labels: {
        ...storeLabels(store),
        ...(index === entries.length - 1 ? { [COMPLETE_LABEL]: 'complete' } : {}),
        ...(name === ADMIN_SECRET && isGiven ? { [PASSWORD_LABEL]: 'given' } : {}),
      },
    },
    type: 'Opaque',
    stringData,
  }));
}
