// Every statement on `tokens` but the look-up of a caller.
import type { Scope, Token } from '@souk/contract';
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { newId } from '../ids.ts';
import { hashSecret } from './secrets.ts';

export interface NewToken {
  readonly tenantId: string;
  readonly personId: string | null;
  readonly name: string;
  readonly secret: string;
  readonly scopes: readonly Scope[];
  readonly expiresInDays: number | null;
}

type TokenRow = Omit<Token, 'createdAt' | 'lastUsedAt' | 'expiresAt' | 'revokedAt'> & {
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
};

const columns = sql`
  id, name, scopes, person_id as "personId", created_at as "createdAt", last_used_at as "lastUsedAt",
  expires_at as "expiresAt", revoked_at as "revokedAt"`;

export async function addToken(db: Db, token: NewToken): Promise<Token> {
  const { rows } = await sql<TokenRow>`
    insert into tokens (id, tenant_id, person_id, name, token_hash, scopes, expires_at)
    values (${newId('tok')}, ${token.tenantId}, ${token.personId}, ${token.name}, ${hashSecret(token.secret)},
      ${[...token.scopes]}::text[], now() + ${token.expiresInDays}::integer * interval '1 day')
    returning ${columns}`.execute(db);
  const [row] = rows;
  if (row === undefined) {
    throw new Error('a token was not written');
  }
  return toToken(row);
}

/** Whose tokens: a person's own, or with null those of the whole tenant. */
export interface TokenOwner {
  readonly tenantId: string;
  readonly personId: string | null;
}

const ownedBy = ({ tenantId, personId }: TokenOwner): RawBuilder<unknown> =>
  sql`tenant_id = ${tenantId} and (${personId}::text is null or person_id = ${personId})`;

/** Newest first; those that ended are listed for a month. */
export async function listTokens(db: Db, owner: TokenOwner): Promise<Token[]> {
  const { rows } = await sql<TokenRow>`
    select ${columns} from tokens
    where ${ownedBy(owner)} and coalesce(least(revoked_at, expires_at), now()) > now() - interval '30 days'
    order by created_at desc, id limit 500`.execute(db);
  return rows.map(toToken);
}

/** Null where there is no such token; revoking twice is revoking once. */
export async function revokeToken(db: Db, owner: TokenOwner, id: string): Promise<Token | null> {
  const { rows } = await sql<TokenRow>`
    update tokens set revoked_at = coalesce(revoked_at, now()) where id = ${id} and ${ownedBy(owner)}
    returning ${columns}`.execute(db);
  const [row] = rows;
  return row === undefined ? null : toToken(row);
}

function toToken(row: TokenRow): Token {
  return {
    ...row,
    createdAt: row.createdAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
  };
}
