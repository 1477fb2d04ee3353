// Every statement on `sessions` and `sign_in_links`.
import type { Session } from '@souk/contract';
import { sql } from 'kysely';
import type { Db, Tx } from '../db/database.ts';
import { newId } from '../ids.ts';
import { hashSecret, newSecret } from '../tenants/secrets.ts';

export interface NewSession {
  readonly personId: string;
  readonly method: Session['method'];
  readonly address: string;
  readonly client: string | null;
}

// Requirement G6.
const SESSION_DAYS = 7;
const MAX_CLIENT_LENGTH = 200;

export async function addSession(
  tx: Tx,
  session: NewSession,
): Promise<{ readonly sessionId: string; readonly expiresAt: Date }> {
  const { rows } = await sql<{ sessionId: string; expiresAt: Date }>`
    insert into sessions (id, person_id, method, address, client, expires_at)
    values (${newId('ses')}, ${session.personId}, ${session.method}, ${session.address},
      ${session.client?.slice(0, MAX_CLIENT_LENGTH) ?? null}, now() + ${SESSION_DAYS} * interval '1 day')
    returning id as "sessionId", expires_at as "expiresAt"`.execute(tx);
  await sql`update people set last_sign_in_at = now() where id = ${session.personId}`.execute(tx);
  const [added] = rows;
  if (added === undefined) {
    throw new Error('a session was not written');
  }
  return added;
}

type SessionRow = Omit<Session, 'createdAt' | 'lastUsedAt' | 'expiresAt'> & {
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly expiresAt: Date;
};

/** The live ones, latest use first. */
export async function listSessions(db: Db, personId: string, currentId: string | null): Promise<Session[]> {
  const { rows } = await sql<SessionRow>`
    select id, created_at as "createdAt", last_used_at as "lastUsedAt", expires_at as "expiresAt", address, client, method,
      id is not distinct from ${currentId} as "isCurrent"
    from sessions where person_id = ${personId} and ended_at is null and expires_at > now()
    order by last_used_at desc, id`.execute(db);
  return rows.map((row) => ({
    ...row,
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
  }));
}

export async function readSessionExpiry(db: Db, sessionId: string): Promise<Date | null> {
  const { rows } = await sql<{ expiresAt: Date }>`
    select expires_at as "expiresAt" from sessions where id = ${sessionId}`.execute(db);
  return rows[0]?.expiresAt ?? null;
}

/** False where the person has no such live session. */
export async function endSession(db: Db, personId: string, sessionId: string): Promise<boolean> {
  const { rows } = await sql`
    update sessions set ended_at = now()
    where id = ${sessionId} and person_id = ${personId} and ended_at is null and expires_at > now()
    returning id`.execute(db);
  return rows.length > 0;
}

export async function endSessionsOf(db: Db, personId: string, exceptId: string | null): Promise<void> {
  await sql`
    update sessions set ended_at = now()
    where person_id = ${personId} and ended_at is null and id is distinct from ${exceptId}`.execute(db);
}

export type LinkKind = 'sign-in' | 'password-reset';

/** The secret is in the answer and nowhere else. A new link of a kind makes the person's earlier ones void. */
export async function addLink(
  tx: Tx,
  link: { readonly kind: LinkKind; readonly personId: string; readonly minutes: number },
): Promise<{ readonly secret: string; readonly expiresAt: Date }> {
  const secret = newSecret();
  await sql`delete from sign_in_links where person_id = ${link.personId} and kind = ${link.kind}`.execute(tx);
  const { rows } = await sql<{ expiresAt: Date }>`
    insert into sign_in_links (token_hash, kind, person_id, expires_at)
    values (${hashSecret(secret)}, ${link.kind}, ${link.personId}, now() + ${link.minutes} * interval '1 minute')
    returning expires_at as "expiresAt"`.execute(tx);
  return { secret, expiresAt: rows[0]?.expiresAt ?? new Date(0) };
}

/** Uses the link up; null where it is unknown, used, too old, or its person disabled. */
export async function takeLink(tx: Tx, kind: LinkKind, secret: string): Promise<string | null> {
  const { rows } = await sql<{ personId: string; isLive: boolean }>`
    delete from sign_in_links using people
    where token_hash = ${hashSecret(secret)} and kind = ${kind} and people.id = person_id
    returning person_id as "personId", expires_at > now() and disabled_at is null as "isLive"`.execute(tx);
  const [taken] = rows;
  return taken?.isLive ? taken.personId : null;
}

/** What nobody can use any more; a session is kept a while, so that its end can be looked up. */
export async function deleteOldSignIns(db: Db, limit: number): Promise<number> {
  const results = await Promise.all([
    sql`delete from sessions where id in (
      select id from sessions where expires_at < now() - interval '30 days' limit ${limit})`.execute(db),
    sql`delete from sign_in_links where expires_at < now()`.execute(db),
    sql`delete from provider_sign_ins where expires_at < now()`.execute(db),
  ]);
  return results.reduce((sum, { numAffectedRows }) => sum + Number(numAffectedRows ?? 0n), 0);
}
