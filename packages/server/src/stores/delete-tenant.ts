// The end of a tenant: all its stores are wished away at once, each by its own job, and when the last one has gone the tenant goes. Its
// row stays, nameless, because stores, events and audit entries tell of it.
import { sql } from 'kysely';
import { type Db, inTransaction, type Tx } from '../db/database.ts';
import { AppError } from '../errors.ts';
import { appendEvent } from '../events/event-queries.ts';
import { withFailpoints } from '../failpoint.ts';
import type { JobHandler } from '../jobs/job-attempt.ts';
import { enqueueJob } from '../jobs/job-queries.ts';
import { RECONCILE_STORE } from './store.ts';
import { countLiveStores, listUndeletedStores, markForDeletion } from './store-queries.ts';

export const DELETE_TENANT = 'delete-tenant';
const RECHECK_MS = 2_000;

/** Returns before anything is gone. Asking again is harmless. False where there is no such tenant. */
export async function requestTenantDeletion(tx: Tx, tenantId: string, actorId: string): Promise<boolean> {
  // The lock that creates take too: none can slip in behind the list below.
  const { rows } = await sql<{ isPlatform: boolean }>`
    select exists (select from tokens where tenant_id = ${tenantId} and is_platform and revoked_at is null) as "isPlatform"
    from tenants where id = ${tenantId} and deleted_at is null for update`.execute(tx);
  const [tenant] = rows;
  if (tenant === undefined) {
    return false;
  }
  if (tenant.isPlatform) {
    throw new AppError('forbidden', "This tenant holds the platform's own token; the platform cannot be without it.");
  }
  await sql`
    update tenants set deletion_requested_at = coalesce(deletion_requested_at, now()) where id = ${tenantId}`.execute(
    tx,
  );
  await sql`
    update invitations set revoked_at = now()
    where tenant_id = ${tenantId} and accepted_at is null and revoked_at is null`.execute(tx);
  for (const storeId of await listUndeletedStores(tx, tenantId)) {
    const store = await markForDeletion(tx, tenantId, storeId);
    if (store !== null) {
      const message = `Deletion of "${store.name}" requested with its tenant`;
      await appendEvent(tx, { type: 'store.deletion_requested', tenantId, storeId, actor: actorId, message });
      await enqueueJob(tx, { kind: RECONCILE_STORE, subject: storeId, fairGroup: tenantId, groupLimit: null });
    }
  }
  await enqueueJob(tx, { kind: DELETE_TENANT, subject: tenantId, fairGroup: tenantId });
  return true;
}

/** The job `delete-tenant`. */
export function createTenantDeleter(db: Db): JobHandler {
  return async ({ job }) => {
    const left = await countLiveStores(db, job.subject);
    if (left > 0) {
      return { outcome: 'waiting', recheckAfterMs: RECHECK_MS, reason: `${left} stores are still there` };
    }
    await withFailpoints('end-tenant', () => inTransaction(db, (tx) => finish(tx, job.subject)));
    return { outcome: 'completed' };
  };
}

async function finish(tx: Tx, tenantId: string): Promise<void> {
  // Its name is free again; an id is a name that nobody else has.
  await sql`
    update tenants set deleted_at = now(), name = id
    where id = ${tenantId} and deletion_requested_at is not null and deleted_at is null`.execute(tx);
  await sql`update tokens set revoked_at = now() where tenant_id = ${tenantId} and revoked_at is null`.execute(tx);
  await sql`delete from members where tenant_id = ${tenantId}`.execute(tx);
}
