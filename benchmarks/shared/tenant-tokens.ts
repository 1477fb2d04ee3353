// Tenants of a benchmark's own, each with a token.
import { randomBytes } from 'node:crypto';
import { type Db, inTransaction } from '@souk/server/db/database.ts';
import { newId } from '@souk/server/ids.ts';
import { addTenant, hashToken } from '@souk/server/tenants/tenant-queries.ts';

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
    await inTransaction(db, (tx) =>
      addTenant(tx, { id, name: id, tokenHash: hashToken(token), maxStores: 5, maxParallelProvisions: 3 }),
    );
  }
  return tenants;
}
