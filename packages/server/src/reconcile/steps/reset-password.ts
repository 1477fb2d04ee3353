// Gives a living shop's admin a new password where somebody wished for one: first in the shop, then in the Secrets, then the wish is
// closed. Cut off in between it begins again with another password, so shop and Secrets agree once the wish is closed.
import { randomBytes } from 'node:crypto';
import { ADMIN_SECRET, type PasswordReset } from '../../engines/engine.ts';
import { appendEvent } from '../../events/event-queries.ts';
import { isPodReady } from '../../kube/readiness.ts';
import { closePasswordReset, type PasswordResetWish, readPasswordReset } from '../../stores/password-reset.ts';
import { applySecret } from '../apply-secret.ts';
import { underFence } from '../observed-store.ts';
import { DONE, type StepOutcome } from '../step.ts';
import type { StoreScope } from '../store-scope.ts';

export async function resetPassword(scope: StoreScope): Promise<StepOutcome> {
  const wish = await readPasswordReset(scope.db, scope.store.id);
  if (wish === null) {
    return DONE;
  }
  if (wish.isExpired || scope.engine.resetPassword === undefined) {
    await closeWish(scope, wish, false);
    return DONE;
  }
  const reset = await scope.engine.resetPassword({ username: await readUsername(scope), randomBytes });
  await changeInShop(scope, reset.program);
  await changeInSecrets(scope, reset.secrets);
  await closeWish(scope, wish, true);
  return DONE;
}

async function readUsername({ kube, namespace, lease }: StoreScope): Promise<string> {
  const secret = await kube.readSecret({ name: ADMIN_SECRET, namespace }, lease.signal);
  if (secret?.username === undefined) {
    throw new Error(`the store's Secret ${ADMIN_SECRET} has no username`);
  }
  return secret.username;
}

async function changeInShop(scope: StoreScope, program: PasswordReset['program']): Promise<void> {
  const { kube, namespace, lease } = scope;
  const { items } = await kube.list('Pod', { namespace }, lease.signal);
  const pod = items.find(
    (candidate) => isPodReady(candidate) && candidate.spec?.containers.some(({ name }) => name === program.container),
  );
  if (pod === undefined) {
    throw new Error(`no pod with a container "${program.container}" is ready`);
  }
  const ref = { namespace, name: pod.metadata.name };
  const exitCode = await scope.act('reset-password-in-shop', () => kube.exec(ref, program, lease.signal));
  if (exitCode !== 0) {
    // What it printed may repeat what it was given, so it is not told.
    throw new Error(
      `the program that sets the password ended with ${exitCode === null ? 'its pod' : `code ${exitCode}`}`,
    );
  }
}

async function changeInSecrets(scope: StoreScope, secrets: PasswordReset['secrets']): Promise<void> {
  const { kube, namespace, lease } = scope;
  await scope.act('reset-password-in-secrets', () =>
    Promise.all(
      Object.entries(secrets).map(async ([name, values]) => {
        const before = await kube.readSecret({ namespace, name }, lease.signal);
        await applySecret(scope, name, { ...before, ...values });
      }),
    ),
  );
}

async function closeWish(scope: StoreScope, wish: PasswordResetWish, isFulfilled: boolean): Promise<void> {
  const { store, db, fence } = scope;
  await scope.act('reset-password-wish', () =>
    underFence(db, { storeId: store.id, fence }, async (tx) => {
      await closePasswordReset(tx, store.id, wish.requestedAt);
      if (isFulfilled) {
        await appendEvent(tx, {
          type: 'store.credentials_reset',
          tenantId: store.tenantId,
          storeId: store.id,
          actor: wish.requestedBy,
          message: 'The administrator has a new password',
        });
      }
    }),
  );
}
