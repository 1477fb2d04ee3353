// Mails to who made a store, about how that ended: to that person, or for a store made by a machine to the tenant's owners.
import { sql } from 'kysely';
import type { Tx } from '../db/database.ts';
import { ADMIN_SECRET } from '../engines/engine.ts';
import { storeNamespace } from '../ids.ts';
import type { Kube } from '../kube/kube.ts';
import { type ShopLogin, storeFailedMail, storeReadyMail } from '../mail/messages.ts';
import type { Outbox } from '../mail/outbox.ts';
import type { ReconciledStore } from './observed-store.ts';

export interface StoreMail {
  /** Null unless the installation sends credentials by mail. */
  readLogin(store: ReconciledStore, signal: AbortSignal): Promise<ShopLogin | null>;
  tellReady(tx: Tx, store: ReconciledStore, url: string, login: ShopLogin | null): Promise<void>;
  tellFailed(tx: Tx, store: ReconciledStore, reason: string): Promise<void>;
}

export interface StoreMailOptions {
  readonly outbox: Outbox;
  readonly kube: Kube;
  readonly platformUrl: string;
  readonly sendsCredentials: boolean;
}

export function createStoreMail({ outbox, kube, platformUrl, sendsCredentials }: StoreMailOptions): StoreMail {
  return {
    async readLogin(store, signal) {
      if (!sendsCredentials) {
        return null;
      }
      const ref = { namespace: storeNamespace(store.id), name: ADMIN_SECRET };
      const { username, password } = (await kube.readSecret(ref, signal)) ?? {};
      return username === undefined || password === undefined ? null : { username, password };
    },
    async tellReady(tx, store, url, login) {
      for (const email of await findRecipients(tx, store)) {
        const mail = storeReadyMail(email, { id: store.id, name: store.name, url }, platformUrl, login);
        await outbox.put(tx, 'store-ready', store.tenantId, mail);
      }
    },
    async tellFailed(tx, store, reason) {
      for (const email of await findRecipients(tx, store)) {
        await outbox.put(tx, 'store-failed', store.tenantId, storeFailedMail(email, store, platformUrl, reason));
      }
    },
  };
}

const MOST_RECIPIENTS = 5;

async function findRecipients(tx: Tx, store: ReconciledStore): Promise<readonly string[]> {
  const { rows } = await sql<{ email: string }>`
    with maker as (
      select coalesce(tokens.person_id, stores.created_by) as person_id
      from stores left join tokens on tokens.id = stores.created_by
      where stores.id = ${store.id}
    ),
    recipients as (
      select members.person_id, members.person_id in (select person_id from maker) as is_maker
      from members
      where members.tenant_id = ${store.tenantId}
        and (members.role = 'owner' or members.person_id in (select person_id from maker))
    )
    select people.email from recipients join people on people.id = recipients.person_id and people.disabled_at is null
    where is_maker or not exists (select from recipients where is_maker)
    order by people.created_at limit ${MOST_RECIPIENTS}`.execute(tx);
  return rows.map(({ email }) => email);
}
