// Signing in by a provider. Who is known comes in; who is not must be invited, or have an address in a domain that is open. The
// provider must have verified the e-mail address before it counts for anything.
import type { ProviderConfig } from '../../account-variables.ts';
import { type Db, inTransaction, type Tx } from '../../db/database.ts';
import { newId } from '../../ids.ts';
import { ensureMember } from '../../tenants/member-queries.ts';
import { newSecret } from '../../tenants/secrets.ts';
import { addTenant } from '../../tenants/tenant-queries.ts';
import { acceptInvitationsOf } from '../invitation-queries.ts';
import { ensurePerson, findPersonByEmail, nameFromEmail, type PersonRow, readPerson } from '../person-queries.ts';
import type { SignedIn, SignInOrigin, SignInService } from '../sign-in-service.ts';
import {
  createProviderClient,
  type ProviderClient,
  type ProviderIdentity,
  ProviderRefusal,
} from './provider-client.ts';
import { addIdentity, addSignIn, findPersonOfIdentity, takeSignIn } from './provider-queries.ts';

export interface ProviderServiceOptions {
  readonly db: Db;
  readonly platformUrl: string;
  readonly providers: readonly ProviderConfig[];
  /** Domains of e-mail addresses that may sign up uninvited; `*` is every one. */
  readonly signUpDomains: readonly string[];
  readonly newTenantMaxStores: number;
  readonly signIns: SignInService;
}

export type SignInProblem =
  | 'expired'
  | 'refused'
  | 'invalid'
  | 'unavailable'
  | 'unverified'
  | 'not_invited'
  | 'disabled';

export type ProviderOutcome =
  | { readonly signedIn: SignedIn; readonly returnTo: string }
  | { readonly problem: SignInProblem; readonly cause?: unknown; readonly email?: string };

export type ProviderService = ReturnType<typeof createProviderService>;

export function createProviderService(options: ProviderServiceOptions) {
  const { db, platformUrl, signIns } = options;
  const clients = new Map<string, ProviderClient>(
    options.providers.map((provider) => [provider.name, createProviderClient(provider)]),
  );
  // Made of what is configured, never of what the request says: nobody can have the code sent elsewhere.
  const redirectUri = (provider: string): string => `${platformUrl}/auth/oidc/${provider}/callback`;

  async function admit(tx: Tx, identity: ProviderIdentity, email: string): Promise<PersonRow | null> {
    const known = await findPersonByEmail(tx, email);
    if (known !== null) {
      return known;
    }
    const name = identity.name?.slice(0, 80) ?? nameFromEmail(email);
    const hasInvitation = await acceptInvitationsOf(tx, email, () => ensurePerson(tx, { email, name }));
    if (hasInvitation !== null) {
      return hasInvitation;
    }
    const domain = email.split('@')[1] ?? '';
    if (!options.signUpDomains.some((open) => open === '*' || open === domain)) {
      return null;
    }
    const person = await ensurePerson(tx, { email, name });
    const id = newId('ten');
    // The name may be another's; the id makes it one's own.
    await addTenant(tx, {
      id,
      name: `${nameFromEmail(email)} ${id.slice(-4)}`.slice(-80),
      maxStores: options.newTenantMaxStores,
      maxParallelProvisions: 3,
    });
    await ensureMember(tx, { tenantId: id, personId: person.id, role: 'owner' });
    return person;
  }

  return {
    has: (provider: string): boolean => clients.has(provider),

    async begin(provider: string, returnTo: string, browserSecret = newSecret()) {
      const client = clients.get(provider);
      if (client === undefined) {
        return null;
      }
      const { url, checks } = await client.begin(redirectUri(provider));
      await inTransaction(db, (tx) => addSignIn(tx, { provider, checks, browserSecret, returnTo }));
      return { url, browserSecret };
    },

    async finish(
      provider: string,
      answer: { readonly query: string; readonly state: string; readonly browserSecret: string },
      origin: SignInOrigin,
    ): Promise<ProviderOutcome> {
      const client = clients.get(provider);
      const begun = await takeSignIn(db, { provider, state: answer.state, browserSecret: answer.browserSecret });
      if (client === undefined || begun === null) {
        return { problem: 'expired' };
      }
      let identity: ProviderIdentity;
      try {
        identity = await client.finish(new URL(`${redirectUri(provider)}?${answer.query}`), begun.checks);
      } catch (error) {
        if (!(error instanceof ProviderRefusal)) {
          throw error;
        }
        return { problem: error.reason, cause: error };
      }
      return await inTransaction(db, async (tx): Promise<ProviderOutcome> => {
        const knownId = await findPersonOfIdentity(tx, identity);
        const { email } = identity;
        if (knownId === null && (email === null || !identity.isEmailVerified)) {
          return { problem: 'unverified', ...(email !== null && { email }) };
        }
        const person = knownId === null ? await admit(tx, identity, email ?? '') : await readPerson(tx, knownId);
        if (person === null) {
          return { problem: 'not_invited', ...(email !== null && { email }) };
        }
        if (person.disabledAt !== null) {
          return { problem: 'disabled', email: person.email };
        }
        await addIdentity(tx, identity, { provider, personId: person.id });
        return { signedIn: await signIns.begin(tx, person, 'provider', origin), returnTo: begun.returnTo };
      });
    },
  };
}

/** A path on our own pages; anything else leads home, so that nobody is sent from our sign-in to a stranger's page. */
export function ownPath(path: string | undefined): string {
  const isOwn = path !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(path) && !path.includes('\\');
  return isOwn ? path : '/';
}
