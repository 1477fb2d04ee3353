// Ways to sign in that need nobody else: one-time links, passwords, and the reset of a forgotten one. Each ends in a session, made in
// the transaction that uses up what it was bought with.
import type { Session, SignIn, SignInLink } from '@souk/contract';
import { type Db, inTransaction, type Tx } from '../db/database.ts';
import { AppError } from '../errors.ts';
import { passwordResetMail } from '../mail/messages.ts';
import type { Outbox } from '../mail/outbox.ts';
import type { Caller } from '../tenants/access.ts';
import { ensureMember } from '../tenants/member-queries.ts';
import { type RateLimit, takeRateLimit } from '../tenants/rate-limit.ts';
import { hashPassword, isPassword } from './password-hash.ts';
import {
  ensurePerson,
  findFirstPlatformAdmin,
  findPersonByEmail,
  lockPerson,
  nameFromEmail,
  type PersonRow,
  readPerson,
  setPassword,
} from './person-queries.ts';
import { addLink, addSession, endSessionsOf, takeLink } from './session-queries.ts';

/** Where a sign-in comes from, for the list of sessions. */
export interface SignInOrigin {
  readonly address: string;
  readonly client: string | null;
}

export interface SignedIn {
  readonly sessionId: string;
  readonly personId: string;
  readonly email: string;
  readonly expiresAt: Date;
}

export interface SignInServiceOptions {
  readonly db: Db;
  readonly platformUrl: string;
  readonly baseDomain: string;
  readonly signInsPerMinute: number;
  /** Null where the platform has no mail. */
  readonly outbox: Outbox | null;
}

export type SignInService = ReturnType<typeof createSignInService>;

const LINK_MINUTES = 15;
const RESET_MINUTES = 60;
const SIGN_IN_FAILED = 'E-mail address and password do not belong together.';

export function createSignInService(options: SignInServiceOptions) {
  const { db, platformUrl } = options;
  const limit: RateLimit = {
    name: 'sign-ins a minute from one address or for one e-mail address',
    most: options.signInsPerMinute,
    windowMs: 60_000,
  };

  /** Every attempt counts, whatever comes of it. */
  async function countAttempt(origin: SignInOrigin, email?: string): Promise<void> {
    await takeRateLimit(db, `sign-in:address:${origin.address}`, limit);
    if (email !== undefined) {
      await takeRateLimit(db, `sign-in:email:${email}`, limit);
    }
  }

  async function begin(tx: Tx, person: PersonRow, method: Session['method'], origin: SignInOrigin): Promise<SignedIn> {
    const { id: personId, email } = person;
    // Looked at again under the lock: whoever is disabled or gets another password, while that of before is being checked, ends all
    // sessions, and must not miss the one that begins here.
    const now = await lockPerson(tx, personId);
    const isChanged = method === 'password' && now?.passwordHash !== person.passwordHash;
    if (now === null || now.disabledAt !== null || isChanged) {
      throw new AppError('sign_in_failed', SIGN_IN_FAILED);
    }
    return { ...(await addSession(tx, { personId, method, ...origin })), personId, email };
  }

  async function byLink(secret: string, origin: SignInOrigin): Promise<SignedIn> {
    return await inTransaction(db, async (tx) => {
      const person = await takePerson(tx, 'sign-in', secret);
      return await begin(tx, person, 'link', origin);
    });
  }

  async function byPassword(email: string, password: string, origin: SignInOrigin): Promise<SignedIn> {
    const person = await findPersonByEmail(db, email);
    const isRight = await isPassword(password, person?.passwordHash ?? null);
    if (person === null || !isRight || person.disabledAt !== null) {
      throw new AppError('sign_in_failed', SIGN_IN_FAILED);
    }
    return await inTransaction(db, (tx) => begin(tx, person, 'password', origin));
  }

  return {
    begin,
    countAttempt,
    async signIn(how: SignIn, origin: SignInOrigin): Promise<SignedIn> {
      await countAttempt(origin, 'email' in how ? how.email : undefined);
      return await ('linkToken' in how ? byLink(how.linkToken, origin) : byPassword(how.email, how.password, origin));
    },

    /** The other sessions end: whoever knew the old password is out. */
    async changePassword(
      caller: { readonly personId: string; readonly sessionId: string },
      change: { readonly currentPassword?: string | undefined; readonly newPassword: string },
      origin: SignInOrigin,
    ): Promise<void> {
      const { personId, sessionId } = caller;
      const person = await readPerson(db, personId);
      if (person?.passwordHash != null) {
        await countAttempt(origin, person.email);
        if (!(await isPassword(change.currentPassword ?? '', person.passwordHash))) {
          throw new AppError('sign_in_failed', 'The current password is not right.');
        }
      }
      const hash = await hashPassword(change.newPassword);
      await inTransaction(db, async (tx) => {
        await setPassword(tx, personId, hash);
        await endSessionsOf(tx, personId, sessionId);
      });
    },

    /** Answers alike, and after about as long, whether or not there is such a person. Null: nothing was sent. */
    async requestReset(email: string, origin: SignInOrigin): Promise<string | null> {
      await countAttempt(origin, email);
      const person = await findPersonByEmail(db, email);
      const { outbox } = options;
      if (person === null || person.disabledAt !== null || outbox === null) {
        return null;
      }
      await inTransaction(db, async (tx) => {
        const { secret } = await addLink(tx, { kind: 'password-reset', personId: person.id, minutes: RESET_MINUTES });
        const mail = passwordResetMail(person.email, `${platformUrl}/password-reset#token=${secret}`);
        await outbox.put(tx, 'password-reset', person.id, mail);
      });
      return person.id;
    },

    async confirmReset(secret: string, newPassword: string, origin: SignInOrigin): Promise<SignedIn> {
      await countAttempt(origin);
      const hash = await hashPassword(newPassword);
      return await inTransaction(db, async (tx) => {
        const person = await takePerson(tx, 'password-reset', secret);
        await setPassword(tx, person.id, hash);
        await endSessionsOf(tx, person.id, null);
        return await begin(tx, person, 'reset', origin);
      });
    },

    /**
     * For platform admins. An address that nobody has becomes a platform admin, and owner of the caller's tenant; nobody else can be
     * signed in as: a link is no way into another person's account.
     */
    makeLink(caller: Caller, wanted: string | undefined): Promise<SignInLink & { readonly personId: string }> {
      return inTransaction(db, async (tx) => {
        const person = await adminFor(tx, caller, wanted ?? null, `admin@${options.baseDomain}`);
        const link = await addLink(tx, { kind: 'sign-in', personId: person.id, minutes: LINK_MINUTES });
        return {
          url: `${platformUrl}/sign-in#link=${link.secret}`,
          email: person.email,
          expiresAt: link.expiresAt.toISOString(),
          personId: person.id,
        };
      });
    },
  };
}

async function takePerson(tx: Tx, kind: 'sign-in' | 'password-reset', secret: string): Promise<PersonRow> {
  const personId = await takeLink(tx, kind, secret);
  const person = personId === null ? null : await readPerson(tx, personId);
  if (person === null) {
    throw new AppError('link_expired', 'The link was used already or is too old; ask for a new one.');
  }
  return person;
}

async function adminFor(tx: Tx, caller: Caller, email: string | null, byDefault: string): Promise<PersonRow> {
  const known = email === null ? await findFirstPlatformAdmin(tx) : await findPersonByEmail(tx, email);
  if (known === null) {
    const address = email ?? byDefault;
    const person = await ensurePerson(tx, { email: address, name: nameFromEmail(address), isPlatformAdmin: true });
    const [tenant] = caller.memberships;
    if (person.isNew && tenant !== undefined) {
      await ensureMember(tx, { tenantId: tenant.tenantId, personId: person.id, role: 'owner' });
    }
    return usable(person);
  }
  return usable(known);
}

function usable(person: PersonRow): PersonRow {
  if (person.disabledAt !== null) {
    throw new AppError('forbidden', `${person.email} is disabled; enable them first.`);
  }
  if (!person.isPlatformAdmin) {
    throw new AppError('forbidden', 'A sign-in link is for platform admins; others reset their password.');
  }
  return person;
}
