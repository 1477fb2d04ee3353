// Mails that wait to be sent, each with a job: written in the transaction that they tell of, so a mail goes out exactly when that
// commits. Without SMTP there is no outbox and nothing is written.
import { sql } from 'kysely';
import type { Db, Tx } from '../db/database.ts';
import { newId } from '../ids.ts';
import { enqueueJob } from '../jobs/job-queries.ts';
import { openText, sealText } from '../sealing.ts';

export const SEND_MAIL = 'send-mail';

export type MailKind = 'store-ready' | 'store-failed' | 'invitation' | 'password-reset';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  /** Plain text: nothing in it is ever taken for markup. */
  readonly text: string;
}

export interface Outbox {
  /** `fairGroup`: whose mail it is, a tenant's or person's id. */
  put(tx: Tx, kind: MailKind, fairGroup: string, mail: Mail): Promise<void>;
}

export function createOutbox(platformKey: Buffer): Outbox {
  return {
    async put(tx, kind, fairGroup, mail) {
      const id = newId('mai');
      const sealed = sealText(platformKey, id, JSON.stringify(mail));
      await sql`insert into mails (id, kind, sealed) values (${id}, ${kind}, ${sealed})`.execute(tx);
      await enqueueJob(tx, { kind: SEND_MAIL, subject: id, fairGroup });
    },
  };
}

/** Null once it is sent or given up. */
export async function readMail(db: Db, platformKey: Buffer, id: string): Promise<Mail | null> {
  const { rows } = await sql<{ sealed: Buffer | null }>`select sealed from mails where id = ${id}`.execute(db);
  const sealed = rows[0]?.sealed ?? null;
  return sealed === null ? null : (JSON.parse(openText(platformKey, id, sealed)) as Mail);
}

export async function settleMail(db: Db, id: string, outcome: 'sent' | 'failed'): Promise<void> {
  await sql`
    update mails set sealed = null, ${outcome === 'sent' ? sql`sent_at = now()` : sql`failed_at = now()`}
    where id = ${id} and sealed is not null`.execute(db);
}

export async function deleteOldMails(db: Db, olderThanDays: number, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from mails where id in (
      select id from mails where created_at < now() - ${olderThanDays} * interval '1 day' and sealed is null
      order by created_at limit ${limit} for update skip locked
    )`.execute(db);
  return Number(numAffectedRows ?? 0n);
}
