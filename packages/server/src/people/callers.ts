// From a credential to a caller. One statement each, on every request; null never tells why, so that nobody learns which of
// unknown, expired, revoked or disabled it was.
import type { Scope } from '@souk/contract';
import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import type { Caller, CallerMembership } from '../tenants/access.ts';
import { hashSecret } from '../tenants/secrets.ts';

// Once a minute is precise enough for people, and spares a write on every request.
const isStale = (column: string) => sql`coalesce(${sql.ref(column)} < now() - interval '1 minute', true)`;

interface TokenRow extends CallerMembership {
  readonly id: string;
  readonly name: string;
  readonly personId: string | null;
  readonly scopes: readonly Scope[];
  readonly isPlatformAdmin: boolean;
  readonly isStale: boolean;
}

/** A person's token lives as long as their membership, and may do no more than their role allows. */
export async function findCallerOfToken(db: Db, token: string): Promise<Caller | null> {
  const { rows } = await sql<TokenRow>`
    select tokens.id, tokens.name, tokens.person_id as "personId", tokens.scopes, tenants.id as "tenantId",
      tenants.name as "tenantName", coalesce(members.role, 'owner') as role,
      tokens.is_platform or coalesce(people.is_platform_admin, false) as "isPlatformAdmin",
      ${isStale('tokens.last_used_at')} as "isStale"
    from tokens
    join tenants on tenants.id = tokens.tenant_id and tenants.deleted_at is null
    left join people on people.id = tokens.person_id
    left join members on members.person_id = tokens.person_id and members.tenant_id = tokens.tenant_id
    where token_hash = ${hashSecret(token)} and revoked_at is null and (expires_at is null or expires_at > now())
      and (tokens.person_id is null or (people.disabled_at is null and members.role is not null))`.execute(db);
  const [row] = rows;
  if (row === undefined) {
    return null;
  }
  if (row.isStale) {
    await sql`update tokens set last_used_at = now() where id = ${row.id} and ${isStale('last_used_at')}`.execute(db);
  }
  const { id, name, personId, scopes, isPlatformAdmin, tenantId, tenantName, role } = row;
  const memberships = [{ tenantId, tenantName, role }];
  return { id, name, personId, sessionId: null, scopes, isPlatformAdmin, memberships };
}

interface SessionRow {
  readonly id: string;
  readonly name: string;
  readonly isPlatformAdmin: boolean;
  readonly memberships: readonly CallerMembership[];
  readonly isStale: boolean;
}

export async function findCallerOfSession(
  db: Db,
  session: { readonly sessionId: string; readonly personId: string },
): Promise<Caller | null> {
  const { sessionId } = session;
  const { rows } = await sql<SessionRow>`
    select people.id, people.email as name, people.is_platform_admin as "isPlatformAdmin",
      ${isStale('sessions.last_used_at')} as "isStale",
      (
        select coalesce(json_agg(json_build_object('tenantId', tenants.id, 'tenantName', tenants.name, 'role', members.role)
          order by tenants.name), '[]')
        from members join tenants on tenants.id = members.tenant_id and tenants.deleted_at is null
        where members.person_id = people.id
      ) as memberships
    from sessions join people on people.id = sessions.person_id and people.disabled_at is null
    where sessions.id = ${sessionId} and people.id = ${session.personId} and ended_at is null and expires_at > now()`.execute(
    db,
  );
  const [row] = rows;
  if (row === undefined) {
    return null;
  }
  if (row.isStale) {
    await sql`update sessions set last_used_at = now() where id = ${sessionId} and ${isStale('last_used_at')}`.execute(
      db,
    );
  }
  const { id, name, isPlatformAdmin, memberships } = row;
  return { id, name, personId: id, sessionId, scopes: null, isPlatformAdmin, memberships };
}
