// A password that its owner chose must outlive a failed first attempt: the clean-up removes the Secret that holds it, so it goes back
// into its sealed row, from which a retry takes it again. A generated one is simply generated anew.
import { ADMIN_SECRET } from '../engines/engine.ts';
import { sealPassword } from '../stores/sealed-password.ts';
import type { AttemptScope } from './attempt-scope.ts';

/** On the Secret whose password was given at create time. */
export const PASSWORD_LABEL = 'souk.dev/password';

/** Null where none was given, where its sealed row is still there, or where it cannot be read any more. */
export async function sealGivenPassword(scope: AttemptScope): Promise<Buffer | null> {
  const { kube, namespace, lease, store, settings } = scope;
  const ref = { name: ADMIN_SECRET, namespace };
  try {
    const secret = await kube.get('Secret', ref, lease.signal);
    const isGiven = secret?.metadata.labels?.[PASSWORD_LABEL] === 'given';
    const password = isGiven ? (await kube.readSecret(ref, lease.signal))?.password : undefined;
    return password === undefined ? null : sealPassword(settings.platformKey, store.id, password);
  } catch (error) {
    lease.signal.throwIfAborted();
    scope.log.warn({ err: error }, 'the given password could not be kept; a retry will generate one');
    return null;
  }
}
