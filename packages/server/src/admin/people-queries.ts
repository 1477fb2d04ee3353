// People as platform admins see them. Disabling one ends their sessions and tokens in the same transaction.
import type { AdminPerson } from '@souk/contract';
import { type RawBuilder, sql } from 'kysely';
import type { Db, Tx } from '../db/database.ts';
import { endSessionsOf } from '../people/session-queries.ts';

type PersonRow = Omit<AdminPerson, 'createdAt' | 'lastSignInAt'> & {
  readonly createdAt: Date;
  readonly lastSignInAt: Date | null;
};

export interface PeoplePage {
  readonly q?: string | undefined;
  /** The last e-mail address that was shown. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** By e-mail address. */
export async function listPeople(db: Db, { q, after, limit }: PeoplePage): Promise<AdminPerson[]> {
  const wanted = q?.toLowerCase();
  const conditions = [
    wanted === undefined
      ? sql`true`
      : sql`(position(${wanted} in email) > 0 or position(${wanted} in lower(people.name)) > 0)`,
    after === undefined ? sql`true` : sql`email > ${after}`,
  ];
  return await select(db, sql`${sql.join(conditions, sql` and `)} order by email limit ${limit}`);
}

export async function readAdminPerson(db: Db, id: string): Promise<AdminPerson | null> {
  return (await select(db, sql`people.id = ${id}`))[0] ?? null;
}

async function select(db: Db, where: RawBuilder<unknown>): Promise<AdminPerson[]> {
  const { rows } = await sql<PersonRow>`
    select id, email, name, is_platform_admin as "isPlatformAdmin", disabled_at is not null as "isDisabled",
      password_hash is not null as "hasPassword", created_at as "createdAt", last_sign_in_at as "lastSignInAt",
      (select coalesce(json_agg(distinct provider), '[]') from identities where person_id = people.id) as providers,
      (
        select coalesce(json_agg(json_build_object('id', tenants.id, 'name', tenants.name, 'role', members.role)
          order by tenants.name), '[]')
        from members join tenants on tenants.id = members.tenant_id and tenants.deleted_at is null
        where members.person_id = people.id
      ) as tenants
    from people where ${where}`.execute(db);
  return rows.map((row) => ({
    ...row,
    createdAt: row.createdAt.toISOString(),
    lastSignInAt: row.lastSignInAt?.toISOString() ?? null,
  }));
}

export interface PersonChange {
  readonly isDisabled?: boolean | undefined;
  readonly isPlatformAdmin?: boolean | undefined;
}

/** What ended with the disabling does not come back with the enabling. */
export async function changePerson(tx: Tx, id: string, change: PersonChange): Promise<void> {
  if (change.isPlatformAdmin !== undefined) {
    await sql`update people set is_platform_admin = ${change.isPlatformAdmin} where id = ${id}`.execute(tx);
  }
  if (change.isDisabled === false) {
    await sql`update people set disabled_at = null where id = ${id}`.execute(tx);
  }
  if (change.isDisabled === true) {
    await sql`update people set disabled_at = coalesce(disabled_at, now()) where id = ${id}`.execute(tx);
    await sql`update tokens set revoked_at = now() where person_id = ${id} and revoked_at is null`.execute(tx);
    await sql`delete from sign_in_links where person_id = ${id}`.execute(tx);
    await endSessionsOf(tx, id, null);
  }
}
