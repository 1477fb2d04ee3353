// Every statement on `people` that sessions and sign-in need.
import type { Person } from '@souk/contract';
import { sql } from 'kysely';
import type { Db, Tx } from '../db/database.ts';
import { newId } from '../ids.ts';

export interface PersonRow {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly passwordHash: string | null;
  readonly isPlatformAdmin: boolean;
  readonly disabledAt: Date | null;
}

const columns = sql`
  id, email, name, password_hash as "passwordHash", is_platform_admin as "isPlatformAdmin", disabled_at as "disabledAt"`;

export async function readPerson(db: Db, id: string): Promise<PersonRow | null> {
  const { rows } = await sql<PersonRow>`select ${columns} from people where id = ${id}`.execute(db);
  return rows[0] ?? null;
}

/** As they are now, and as they stay until the transaction ends. */
export async function lockPerson(tx: Tx, id: string): Promise<PersonRow | null> {
  const { rows } = await sql<PersonRow>`select ${columns} from people where id = ${id} for no key update`.execute(tx);
  return rows[0] ?? null;
}

export async function findPersonByEmail(db: Db, email: string): Promise<PersonRow | null> {
  const { rows } = await sql<PersonRow>`select ${columns} from people where email = ${email}`.execute(db);
  return rows[0] ?? null;
}

/** Null where there is none who may sign in. */
export async function findFirstPlatformAdmin(db: Db): Promise<PersonRow | null> {
  const { rows } = await sql<PersonRow>`
    select ${columns} from people where is_platform_admin and disabled_at is null order by created_at, id limit 1`.execute(
    db,
  );
  return rows[0] ?? null;
}

export interface NewPerson {
  readonly email: string;
  readonly name: string;
  readonly passwordHash?: string;
  readonly isPlatformAdmin?: boolean;
}

/** The person with that address, made now or before: two requests at once come to the same one. */
export async function ensurePerson(tx: Tx, person: NewPerson): Promise<PersonRow & { readonly isNew: boolean }> {
  const { rows } = await sql<PersonRow & { isNew: boolean }>`
    insert into people (id, email, name, password_hash, is_platform_admin)
    values (${newId('per')}, ${person.email}, ${person.name}, ${person.passwordHash ?? null}, ${person.isPlatformAdmin ?? false})
    on conflict (email) do update set email = excluded.email
    returning ${columns}, xmax = 0 as "isNew"`.execute(tx);
  const [row] = rows;
  if (row === undefined) {
    throw new Error(`the person ${person.email} was neither found nor made`);
  }
  return row;
}

export async function setPassword(tx: Tx, personId: string, passwordHash: string): Promise<void> {
  await sql`update people set password_hash = ${passwordHash} where id = ${personId}`.execute(tx);
}

export async function renamePerson(db: Db, personId: string, name: string): Promise<void> {
  await sql`update people set name = ${name} where id = ${personId}`.execute(db);
}

export function toPerson(row: PersonRow): Person {
  const { id, email, name, isPlatformAdmin, passwordHash } = row;
  return { id, email, name, isPlatformAdmin, hasPassword: passwordHash !== null };
}

/** What stands before the at sign; never empty. */
export function nameFromEmail(email: string): string {
  return email.split('@')[0]?.slice(0, 80) || 'Somebody';
}
