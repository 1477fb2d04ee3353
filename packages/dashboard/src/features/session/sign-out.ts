// Ends the session on the platform and forgets everything that this tab has seen.
import { client } from '../../lib/client.ts';
import { paths } from '../../lib/paths.ts';

export async function signOut(): Promise<void> {
  await client.signOut();
  location.assign(paths.signIn);
}
