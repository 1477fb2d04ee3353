// Every statement on `members`. That a tenant keeps an owner is decided under the tenant's lock (`lockQuota`): two owners who leave at
// once would otherwise each see the other.
import type { Member, Role } from '@souk/contract';
import { type RawBuilder, sql } from 'kysely';
import type { Db, Tx } from '../db/database.ts';

export interface NewMember {
  readonly tenantId: string;
  readonly personId: string;
  readonly role: Role;
}

/** False where they are one already; their role then stays as it is. */
export async function ensureMember(tx: Tx, member: NewMember): Promise<boolean> {
  const { rows } = await sql`
    insert into members (tenant_id, person_id, role) values (${member.tenantId}, ${member.personId}, ${member.role})
    on conflict (tenant_id, person_id) do nothing
    returning person_id`.execute(tx);
  return rows.length > 0;
}

type MemberRow = Omit<Member, 'joinedAt' | 'lastSignInAt'> & {
  readonly joinedAt: Date;
  readonly lastSignInAt: Date | null;
};

async function selectMembers(db: Db, where: RawBuilder<unknown>): Promise<Member[]> {
  const { rows } = await sql<MemberRow>`
    select people.id, people.email, people.name, members.role, people.disabled_at is not null as "isDisabled",
      members.joined_at as "joinedAt", people.last_sign_in_at as "lastSignInAt"
    from members join people on people.id = members.person_id
    where ${where}
    order by members.joined_at, people.id`.execute(db);
  return rows.map((row) => ({
    ...row,
    joinedAt: row.joinedAt.toISOString(),
    lastSignInAt: row.lastSignInAt?.toISOString() ?? null,
  }));
}

export async function listMembers(db: Db, tenantId: string): Promise<Member[]> {
  return await selectMembers(db, sql`members.tenant_id = ${tenantId}`);
}

export async function readMember(db: Db, tenantId: string, personId: string): Promise<Member | null> {
  const found = await selectMembers(db, sql`members.tenant_id = ${tenantId} and members.person_id = ${personId}`);
  return found[0] ?? null;
}

export async function isMemberByEmail(db: Db, tenantId: string, email: string): Promise<boolean> {
  const found = await selectMembers(db, sql`members.tenant_id = ${tenantId} and people.email = ${email}`);
  return found.length > 0;
}

export async function setRole(tx: Tx, { tenantId, personId, role }: NewMember): Promise<void> {
  await sql`
    update members set role = ${role} where tenant_id = ${tenantId} and person_id = ${personId}`.execute(tx);
}

/** Their tokens of this tenant end with it. */
export async function removeMember(tx: Tx, tenantId: string, personId: string): Promise<void> {
  await sql`delete from members where tenant_id = ${tenantId} and person_id = ${personId}`.execute(tx);
  await sql`
    update tokens set revoked_at = now()
    where tenant_id = ${tenantId} and person_id = ${personId} and revoked_at is null`.execute(tx);
}

/** Disabled people cannot act as owners, so they do not count. */
export async function countOwners(tx: Tx, tenantId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from members join people on people.id = members.person_id
    where tenant_id = ${tenantId} and role = 'owner' and disabled_at is null`.execute(tx);
  return rows[0]?.count ?? 0;
}
