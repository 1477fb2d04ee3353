// Tenants of a benchmark's own, each with a token.
import { randomBytes } from 'node:crypto';
import { type Db, inTransaction } from '@souk/server/db/database.ts';
import { newId } from '@souk/server/ids.ts';
import { hashSecret } from '@souk/server/tenants/secrets.ts';
import { addTenant } from '@souk/server/tenants/tenant-queries.ts';
import { sql } from 'kysely';

export interface TenantToken {
  readonly id: string;
  readonly token: string;
}

export async function addTenantTokens(db: Db, count: number): Promise<readonly TenantToken[]> {
  const tenants = Array.from({ length: count }, () => ({
    id: newId('ten'),
    token: `souk_${randomBytes(24).toString('hex')}`,
  }));
  for (const { id, token } of tenants) {
    await inTransaction(db, async (tx) => {
      await addTenant(tx, { id, name: id, maxStores: 5, maxParallelProvisions: 3 });
      await sql`
        insert into tokens (id, tenant_id, name, token_hash)
        values (${newId('tok')}, ${id}, 'benchmark', ${hashSecret(token)})`.execute(tx);
    });
  }
  return tenants;
}
