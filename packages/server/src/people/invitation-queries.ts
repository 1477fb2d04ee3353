// Every statement on `invitations`. One that is accepted makes a member in the same transaction; of two who use it at once, one does.
import type { Invitation, Role } from '@souk/contract';
import { type RawBuilder, sql } from 'kysely';
import type { Db, Tx } from '../db/database.ts';
import { newId } from '../ids.ts';
import { ensureMember } from '../tenants/member-queries.ts';
import { hashSecret } from '../tenants/secrets.ts';

export interface NewInvitation {
  readonly tenantId: string;
  readonly email: string;
  readonly role: Role;
  readonly invitedBy: string;
  readonly secret: string;
}

export interface InvitationRow {
  readonly id: string;
  readonly tenantId: string;
  readonly tenantName: string;
  readonly email: string;
  readonly role: Role;
  readonly invitedBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

const DAYS = 7;

/** Replaces one that is still open for the same address: its link is void. */
export async function addInvitation(tx: Tx, invitation: NewInvitation): Promise<InvitationRow> {
  const { tenantId, email, role, invitedBy, secret } = invitation;
  await sql`
    update invitations set revoked_at = now()
    where tenant_id = ${tenantId} and email = ${email} and ${isOpen}`.execute(tx);
  const { rows } = await sql<{ id: string }>`
    insert into invitations (id, tenant_id, email, role, token_hash, invited_by, expires_at)
    values (${newId('inv')}, ${tenantId}, ${email}, ${role}, ${hashSecret(secret)}, ${invitedBy},
      now() + ${DAYS} * interval '1 day')
    returning id`.execute(tx);
  const [row] = await select(tx, sql`invitations.id = ${rows[0]?.id}`);
  if (row === undefined) {
    throw new Error('an invitation was not written');
  }
  return row;
}

const isOpen = sql`accepted_at is null and revoked_at is null`;

async function select(db: Db, where: RawBuilder<unknown>): Promise<readonly InvitationRow[]> {
  const { rows } = await sql<InvitationRow>`
    select invitations.id, tenant_id as "tenantId", tenants.name as "tenantName", email, role, invited_by as "invitedBy",
      invitations.created_at as "createdAt", expires_at as "expiresAt"
    from invitations join tenants on tenants.id = invitations.tenant_id and tenants.deletion_requested_at is null
    where ${where} and ${isOpen} and expires_at > now()
    order by invitations.created_at desc, invitations.id`.execute(db);
  return rows;
}

export async function listInvitations(db: Db, tenantId: string): Promise<readonly InvitationRow[]> {
  return await select(db, sql`tenant_id = ${tenantId}`);
}

export async function findInvitation(db: Db, secret: string): Promise<InvitationRow | null> {
  return (await select(db, sql`token_hash = ${hashSecret(secret)}`))[0] ?? null;
}

/** Null where the tenant has no such open invitation. */
export async function revokeInvitation(db: Db, tenantId: string, id: string): Promise<boolean> {
  const { rows } = await sql`
    update invitations set revoked_at = now() where id = ${id} and tenant_id = ${tenantId} and ${isOpen}
    returning id`.execute(db);
  return rows.length > 0;
}

/** False where somebody was faster, or it was revoked meanwhile. */
export async function acceptInvitation(tx: Tx, invitation: InvitationRow, personId: string): Promise<boolean> {
  const { rows } = await sql`
    update invitations set accepted_at = now() where id = ${invitation.id} and ${isOpen} and expires_at > now()
    returning id`.execute(tx);
  if (rows.length === 0) {
    return false;
  }
  const { tenantId, role } = invitation;
  await ensureMember(tx, { tenantId, personId, role });
  return true;
}

/** All that wait for an address; whoever proves to have it need not click their links. Null where there is none. */
export async function acceptInvitationsOf<P extends { readonly id: string }>(
  tx: Tx,
  email: string,
  makePerson: () => Promise<P>,
): Promise<P | null> {
  const waiting = await select(tx, sql`email = ${email}`);
  if (waiting.length === 0) {
    return null;
  }
  const person = await makePerson();
  for (const invitation of waiting) {
    await acceptInvitation(tx, invitation, person.id);
  }
  return person;
}

export function toInvitation(row: InvitationRow): Invitation {
  const { id, email, role, invitedBy, createdAt, expiresAt } = row;
  return { id, email, role, invitedBy, createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() };
}
