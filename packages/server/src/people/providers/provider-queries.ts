// Every statement on sign-ins under way and on the identities that providers vouch for.
import { sql } from 'kysely';
import type { Db, Tx } from '../../db/database.ts';
import { hashSecret } from '../../tenants/secrets.ts';
import type { ProviderChecks, ProviderIdentity } from './provider-client.ts';

export interface OpenSignIn {
  readonly provider: string;
  readonly checks: ProviderChecks;
  /** Known to the browser that began it, by its cookie. */
  readonly browserSecret: string;
  readonly returnTo: string;
}

const MINUTES = 10;
const MOST_AT_ONCE = 1_000;

export async function addSignIn(tx: Tx, { provider, checks, browserSecret, returnTo }: OpenSignIn): Promise<void> {
  // One after another, so that the count below is exact.
  await sql`select pg_advisory_xact_lock(hashtextextended('people.provider_sign_ins', 0))`.execute(tx);
  await sql`
    insert into provider_sign_ins (state_hash, provider, browser_hash, nonce, code_verifier, return_to, expires_at)
    values (${hashSecret(checks.state)}, ${provider}, ${hashSecret(browserSecret)}, ${checks.nonce}, ${checks.codeVerifier},
      ${returnTo}, clock_timestamp() + ${MINUTES} * interval '1 minute')`.execute(tx);
  await sql`
    delete from provider_sign_ins where expires_at <= now() or state_hash in (
      select state_hash from provider_sign_ins order by created_at desc, state_hash offset ${MOST_AT_ONCE}
    )`.execute(tx);
}

/** Uses it up. Null: unknown, used, too old, of another provider, or begun in another browser. */
export async function takeSignIn(
  db: Db,
  wanted: { readonly provider: string; readonly state: string; readonly browserSecret: string },
): Promise<Pick<OpenSignIn, 'checks' | 'returnTo'> | null> {
  const { rows } = await sql<{ nonce: string; codeVerifier: string; returnTo: string; isOurs: boolean }>`
    delete from provider_sign_ins where state_hash = ${hashSecret(wanted.state)}
    returning nonce, code_verifier as "codeVerifier", return_to as "returnTo",
      expires_at > now() and provider = ${wanted.provider} and browser_hash = ${hashSecret(wanted.browserSecret)} as "isOurs"`.execute(
    db,
  );
  const [row] = rows;
  if (!row?.isOurs) {
    return null;
  }
  const { nonce, codeVerifier, returnTo } = row;
  return { checks: { state: wanted.state, nonce, codeVerifier }, returnTo };
}

export async function findPersonOfIdentity(db: Db, { issuer, subject }: ProviderIdentity): Promise<string | null> {
  const { rows } = await sql<{ personId: string }>`
    select person_id as "personId" from identities where issuer = ${issuer} and subject = ${subject}`.execute(db);
  return rows[0]?.personId ?? null;
}

export async function addIdentity(
  tx: Tx,
  { issuer, subject }: ProviderIdentity,
  of: { readonly provider: string; readonly personId: string },
): Promise<void> {
  await sql`
    insert into identities (issuer, subject, provider, person_id)
    values (${issuer}, ${subject}, ${of.provider}, ${of.personId})
    on conflict (issuer, subject) do nothing`.execute(tx);
}
