// The store's Secrets, made once in its life and never overwritten: its database would not know a new password. A password that
// was given at create time is opened from its sealed row, which goes as soon as the Secrets hold it.

import { randomBytes } from 'node:crypto';
import { ADMIN_SECRET, type StoreSecrets } from '../../engines/engine.ts';
import { TerminalError } from '../../errors.ts';
import { STORE_LABEL } from '../../ids.ts';
import type { ObjectMeta } from '../../kube/kinds.ts';
import { deleteSealedPassword, openPassword, readSealedPassword } from '../../stores/sealed-password.ts';
import { isSealBroken, SEAL_ANNOTATION, sealSecret } from '../../stores/secret-seal.ts';
import { applySecret } from '../apply-secret.ts';
import { PASSWORD_LABEL } from '../given-password.ts';
import { mayRepair } from '../lost-data.ts';
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
  } else if (store.readyAt !== null) {
    await checkSeals(scope, existing);
  }
  if (sealed !== null) {
    await scope.act('delete-sealed-password', () =>
      underFence(db, { storeId: store.id, fence }, (tx) => deleteSealedPassword(tx, store.id)),
    );
  }
  return DONE;
}

export const CREDENTIALS_CHANGED = 'credentials_changed';

interface Credentials {
  readonly secrets: readonly ObjectMeta[];
  readonly isComplete: boolean;
}

/** The last one made carries a mark, so completeness needs no knowledge of what an engine's Secrets are called. */
const COMPLETE_LABEL = 'souk.dev/credentials';
/** The fence of the attempt that made it: Secrets of two attempts hold two passwords. */
const MADE_BY_LABEL = 'souk.dev/made-by-fence';

async function listCredentials({ kube, namespace, lease, store }: StoreScope): Promise<Credentials> {
  const { items } = await kube.listMetadata('Secret', { namespace, labels: STORE_LABEL }, lease.signal);
  const isMarked = items.some(({ metadata }) => metadata.labels?.[COMPLETE_LABEL] === 'complete');
  const makers = new Set(items.map(({ metadata }) => metadata.labels?.[MADE_BY_LABEL]));
  return {
    secrets: items.map(({ metadata }) => metadata),
    // Those of a shop that lived have worked together; a person may have put one of them back from a copy.
    isComplete: isMarked && (makers.size === 1 || store.readyAt !== null),
  };
}

/** What was edited cannot be put back, because it is kept nowhere else: a person does that, or agrees to what is there now. */
async function checkSeals(scope: StoreScope, { secrets }: Credentials): Promise<void> {
  const { kube, namespace, lease, store, settings } = scope;
  const broken: { readonly name: string; readonly data: Readonly<Record<string, string>> }[] = [];
  for (const { name, annotations } of secrets) {
    const data = (await kube.readSecret({ namespace, name }, lease.signal)) ?? {};
    if (isSealBroken(settings.platformKey, { storeId: store.id, name, data }, annotations?.[SEAL_ANNOTATION])) {
      broken.push({ name, data });
    }
  }
  if (broken.length === 0) {
    return;
  }
  if (!mayRepair(store, CREDENTIALS_CHANGED)) {
    throw new TerminalError(
      CREDENTIALS_CHANGED,
      `the Secret ${broken.map(({ name }) => name).join(', ')} was edited from outside; put the former values back, or ask for a ` +
        'repair to keep the new ones',
    );
  }
  await scope.act('seal-credentials', () =>
    Promise.all(broken.map(({ name, data }) => applySecret(scope, name, data))),
  );
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
    if (!(await scope.act('create-credentials', () => kube.createIfAbsent('Secret', manifest, lease.signal)))) {
      // A worker that did not know yet that its lease had ended; the next attempt finds two makers and begins anew.
      throw new Error(`the Secret ${manifest.metadata.name} was made by somebody else in the same moment`);
    }
  }
}

function secretManifests({ namespace, store, settings, fence }: StoreScope, secrets: StoreSecrets, isGiven: boolean) {
  const entries = Object.entries(secrets);
  return entries.map(([name, stringData], index) => ({
    metadata: {
      name,
      namespace,
      labels: {
        ...storeLabels(store),
        [MADE_BY_LABEL]: String(fence),
        ...(index === entries.length - 1 ? { [COMPLETE_LABEL]: 'complete' } : {}),
        ...(name === ADMIN_SECRET && isGiven ? { [PASSWORD_LABEL]: 'given' } : {}),
      },
      annotations: {
        [SEAL_ANNOTATION]: sealSecret(settings.platformKey, { storeId: store.id, name, data: stringData }),
      },
    },
    type: 'Opaque',
    stringData,
  }));
}
