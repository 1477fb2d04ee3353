// Whether the audit log is whole. Computed here and not in the database: who could change its entries could change its functions.
import { createHash } from 'node:crypto';
import type { AuditVerdict } from '@souk/contract';
import type { Db } from '../db/database.ts';
import { type AuditRow, readAuditChain } from './audit-queries.ts';

const ROWS_AT_ONCE = 2_000;

/** Reads the whole log, page by page. What was cut off its end shows only against a `head` that was kept elsewhere. */
export async function verifyAuditChain(db: Db): Promise<AuditVerdict> {
  let entries = 0;
  let last: AuditRow | undefined;
  for (;;) {
    const rows = await readAuditChain(db, last?.cursor ?? 0, ROWS_AT_ONCE);
    for (const row of rows) {
      const reason = whyBroken(row, last);
      if (reason !== null) {
        return { isIntact: false, entries, head: hex(last), firstBroken: `aud_${row.cursor}`, reason };
      }
      entries += 1;
      last = row;
    }
    if (rows.length < ROWS_AT_ONCE) {
      return { isIntact: true, entries, head: hex(last), firstBroken: null, reason: null };
    }
  }
}

function whyBroken(row: AuditRow, last: AuditRow | undefined): string | null {
  if (row.cursor !== (last?.cursor ?? 0) + 1) {
    return 'entries before it are missing';
  }
  if (!row.previousHash.equals(last?.hash ?? Buffer.alloc(0))) {
    return 'it does not follow the entry before it';
  }
  return hashOf(row).equals(row.hash) ? null : 'it was changed';
}

/** The same as the trigger `chain_audit_entry` computes. */
function hashOf(row: AuditRow): Buffer {
  const { cursor, micros, tenantId, actor, actorName, action, target, address, outcome, code, requestId, details } =
    row;
  const fields = [
    String(cursor),
    micros,
    tenantId,
    actor,
    actorName,
    action,
    target,
    address,
    outcome,
    code,
    requestId,
  ];
  const text = [...fields, details]
    .map((field) => (field === null ? '-' : `${Buffer.byteLength(field)}:${field}`))
    .join('');
  return createHash('sha256').update(row.previousHash).update(text, 'utf8').digest();
}

function hex(row: AuditRow | undefined): string | null {
  return row?.hash.toString('hex') ?? null;
}
