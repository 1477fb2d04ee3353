// What platform admins decide, each in one transaction.
import type {
  AdminPerson,
  AdminStore,
  AdminTenant,
  createTenantSchema,
  listAllStoresQuerySchema,
} from '@souk/contract';
import { sql } from 'kysely';
import type { z } from 'zod';
import { type Db, inTransaction } from '../db/database.ts';
import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { InvitationService } from '../people/invitation-service.ts';
import { findPersonByEmail } from '../people/person-queries.ts';
import { requestTenantDeletion } from '../stores/delete-tenant.ts';
import { parseListPlace } from '../stores/list-place.ts';
import { type StoreRendering, toStore } from '../stores/store.ts';
import { ALL_TENANTS, listStores } from '../stores/store-queries.ts';
import type { Caller } from '../tenants/access.ts';
import { ensureMember } from '../tenants/member-queries.ts';
import { addTenant, renameTenant } from '../tenants/tenant-queries.ts';
import { changePerson, listPeople, type PeoplePage, type PersonChange, readAdminPerson } from './people-queries.ts';
import {
  changeQuota,
  listAllTenants,
  type QuotaChange,
  readAdminTenant,
  type TenantsPage,
} from './tenant-admin-queries.ts';

export interface AdminServiceOptions {
  readonly db: Db;
  readonly rendering: StoreRendering;
  readonly invitations: InvitationService;
  readonly newTenantMaxStores: number;
}

export type AdminService = ReturnType<typeof createAdminService>;

const PARALLEL_PROVISIONS = 3;

export function createAdminService({ db, rendering, invitations, newTenantMaxStores }: AdminServiceOptions) {
  async function existingTenant(reader: Db, id: string): Promise<AdminTenant> {
    const tenant = await readAdminTenant(reader, id);
    if (tenant === null) {
      throw new AppError('tenant_not_found', `There is no tenant "${id}".`);
    }
    return tenant;
  }

  async function existingPerson(reader: Db, id: string): Promise<AdminPerson> {
    const person = await readAdminPerson(reader, id);
    if (person === null) {
      throw new AppError('not_found', `There is no person "${id}".`);
    }
    return person;
  }

  return {
    async listPeople(page: PeoplePage) {
      const found = await listPeople(db, { ...page, limit: page.limit + 1 });
      const items = found.slice(0, page.limit);
      return { items, next: found.length > page.limit ? (items.at(-1)?.email ?? null) : null };
    },

    changePerson(id: string, change: PersonChange): Promise<AdminPerson> {
      return inTransaction(db, async (tx) => {
        await existingPerson(tx, id);
        await changePerson(tx, id, change);
        return await existingPerson(tx, id);
      });
    },

    async listTenants(page: TenantsPage) {
      const found = await listAllTenants(db, { ...page, limit: page.limit + 1 });
      const items = found.slice(0, page.limit);
      return { items, next: found.length > page.limit ? (items.at(-1)?.name ?? null) : null };
    },

    /** The owner, where one is named, joins at once when known, else by an invitation. */
    createTenant(caller: Caller, wish: z.output<typeof createTenantSchema>) {
      const { name, ownerEmail, ...quota } = wish;
      return inTransaction(db, async (tx) => {
        const id = newId('ten');
        const {
          maxStores = newTenantMaxStores,
          maxParallelProvisions = PARALLEL_PROVISIONS,
          largestPlan = 'large',
        } = quota;
        if (!(await addTenant(tx, { id, name, maxStores, maxParallelProvisions, largestPlan }))) {
          throw new AppError('name_taken', `A tenant called "${name}" exists already; choose another name.`);
        }
        const owner = ownerEmail === undefined ? null : await findPersonByEmail(tx, ownerEmail);
        let invitationUrl: string | null = null;
        if (owner !== null) {
          await ensureMember(tx, { tenantId: id, personId: owner.id, role: 'owner' });
        } else if (ownerEmail !== undefined) {
          invitationUrl = (await invitations.invite(tx, { id: caller.id, tenantId: id }, ownerEmail, 'owner')).url;
        }
        return { tenant: await existingTenant(tx, id), invitationUrl };
      });
    },

    changeTenant(
      id: string,
      { name, ...quota }: QuotaChange & { readonly name?: string | undefined },
    ): Promise<AdminTenant> {
      return inTransaction(db, async (tx) => {
        await existingTenant(tx, id);
        if (name !== undefined && !(await renameTenant(tx, id, name))) {
          throw new AppError('name_taken', `A tenant called "${name}" exists already; choose another name.`);
        }
        if (Object.values(quota).some((value) => value !== undefined)) {
          await changeQuota(tx, id, quota);
        }
        return await existingTenant(tx, id);
      });
    },

    deleteTenant(caller: Caller, id: string): Promise<AdminTenant> {
      return inTransaction(db, async (tx) => {
        if (!(await requestTenantDeletion(tx, id, caller.id))) {
          throw new AppError('tenant_not_found', `There is no tenant "${id}".`);
        }
        return await existingTenant(tx, id);
      });
    },

    async listStores(query: z.output<typeof listAllStoresQuerySchema>) {
      const { limit, after, tenant, ...filter } = query;
      const place = after === undefined ? null : parseListPlace(after);
      if (after !== undefined && place === null) {
        throw new AppError('invalid_request', '`after` is not the `next` of an earlier page.', {
          fields: [{ field: 'after', message: 'must be the `next` of an earlier page' }],
        });
      }
      const { rows, next } = await listStores(
        db,
        { tenantId: tenant ?? ALL_TENANTS, ...filter },
        { after: place, limit },
      );
      const ids = [...new Set(rows.map(({ tenantId }) => tenantId))];
      const names = await sql<{ id: string; name: string }>`
        select id, name from tenants where id = any(${ids}::text[])`.execute(db);
      const nameOf = new Map(names.rows.map(({ id, name }) => [id, name]));
      const items = rows.map(
        (row): AdminStore => ({
          ...toStore(row, rendering),
          tenant: { id: row.tenantId, name: nameOf.get(row.tenantId) ?? '' },
        }),
      );
      return { items, next };
    },
  };
}
