// Invitations: made by a tenant's admins, used by whoever has the link. A link makes an account only for an address that nobody has;
// whoever has one must be signed in, so that a link that went astray opens nobody's account.
import type { InvitationPreview, Role } from '@souk/contract';
import { type Db, inTransaction, type Tx } from '../db/database.ts';
import { AppError } from '../errors.ts';
import { invitationMail } from '../mail/messages.ts';
import type { Outbox } from '../mail/outbox.ts';
import type { Actor, Caller } from '../tenants/access.ts';
import { isMemberByEmail } from '../tenants/member-queries.ts';
import { newSecret } from '../tenants/secrets.ts';
import { lockQuota } from '../tenants/tenant-queries.ts';
import { acceptInvitation, addInvitation, findInvitation, type InvitationRow } from './invitation-queries.ts';
import { hashPassword } from './password-hash.ts';
import { ensurePerson, findPersonByEmail, nameFromEmail } from './person-queries.ts';
import type { SignedIn, SignInOrigin, SignInService } from './sign-in-service.ts';

export interface InvitationServiceOptions {
  readonly db: Db;
  readonly platformUrl: string;
  readonly outbox: Outbox | null;
  readonly signIns: SignInService;
}

export interface Inviter {
  readonly id: string;
  readonly tenantId: string;
}

export interface Acceptance {
  readonly token: string;
  readonly name?: string | undefined;
  readonly password?: string | undefined;
}

export type InvitationService = ReturnType<typeof createInvitationService>;

export function createInvitationService({ db, platformUrl, outbox, signIns }: InvitationServiceOptions) {
  async function invite(tx: Tx, inviter: Inviter, email: string, role: Role) {
    const secret = newSecret();
    const invitation = await addInvitation(tx, { ...inviter, invitedBy: inviter.id, email, role, secret });
    const url = `${platformUrl}/invitation#token=${secret}`;
    const mail = invitationMail(email, { tenantName: invitation.tenantName, role, url });
    await outbox?.put(tx, 'invitation', inviter.tenantId, mail);
    return { invitation, url, isMailed: outbox !== null };
  }

  async function existing(token: string): Promise<InvitationRow> {
    const invitation = await findInvitation(db, token);
    if (invitation === null) {
      throw new AppError('link_expired', 'The invitation was used, withdrawn or is too old; ask for a new one.');
    }
    return invitation;
  }

  async function join(tx: Tx, invitation: InvitationRow, personId: string): Promise<void> {
    if (!(await acceptInvitation(tx, invitation, personId))) {
      throw new AppError('link_expired', 'The invitation was used or withdrawn just now.');
    }
  }

  return {
    invite,

    async inviteMember(actor: Actor, email: string, role: Role) {
      if (role === 'owner' && actor.role !== 'owner') {
        throw new AppError('forbidden', 'Only an owner invites owners.');
      }
      return await inTransaction(db, async (tx) => {
        const { isDeleting } = await lockQuota(tx, actor.tenantId);
        if (isDeleting) {
          throw new AppError('tenant_deleting', 'This tenant is being deleted; nobody can join it.');
        }
        if (await isMemberByEmail(tx, actor.tenantId, email)) {
          throw new AppError('already_member', `${email} is a member already.`);
        }
        return await invite(tx, actor, email, role);
      });
    },

    async preview(token: string, caller: Caller | null): Promise<InvitationPreview> {
      const { tenantName, email, role, expiresAt } = await existing(token);
      const isKnown = (await findPersonByEmail(db, email)) !== null;
      const needs = caller?.sessionId != null ? 'nothing' : isKnown ? 'sign-in' : 'password';
      return { tenantName, email, role, needs, expiresAt: expiresAt.toISOString() };
    },

    /** Null signedIn: who was signed in has joined, and keeps the session. */
    async accept(
      acceptance: Acceptance,
      caller: Caller | null,
      origin: SignInOrigin,
    ): Promise<{ readonly invitation: InvitationRow; readonly signedIn: SignedIn | null }> {
      await signIns.countAttempt(origin);
      const invitation = await existing(acceptance.token);
      const { email } = invitation;
      if (caller?.sessionId != null && caller.personId !== null) {
        const { personId } = caller;
        await inTransaction(db, (tx) => join(tx, invitation, personId));
        return { invitation, signedIn: null };
      }
      if ((await findPersonByEmail(db, email)) !== null) {
        throw new AppError('unauthenticated', `There is an account for ${email}: sign in, then open the link again.`);
      }
      if (acceptance.password === undefined) {
        throw new AppError('invalid_request', 'Choose a password.', {
          fields: [{ field: 'password', message: 'is needed for a new account' }],
        });
      }
      const passwordHash = await hashPassword(acceptance.password);
      const signedIn = await inTransaction(db, async (tx) => {
        const person = await ensurePerson(tx, { email, name: acceptance.name ?? nameFromEmail(email), passwordHash });
        if (!person.isNew) {
          throw new AppError('unauthenticated', `There is an account for ${email} by now: sign in.`);
        }
        await join(tx, invitation, person.id);
        return await signIns.begin(tx, person, 'invitation', origin);
      });
      return { invitation, signedIn };
    },
  };
}
