// All tenants with their limits.
import { Button } from '@mantine/core';
import type { AdminTenant } from '@souk/contract';
import { useState } from 'react';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Panel } from '../../components/panel.tsx';
import { client } from '../../lib/client.ts';
import { formatDay } from '../../lib/format.ts';
import { capitalize } from '../stores/words.ts';
import { SearchField } from './search-field.tsx';
import { TenantDialog } from './tenant-dialog.tsx';
import { usePages } from './use-pages.ts';

export function Tenants() {
  const { text, setText, table } = usePages('tenants', (query) => client.listTenants(query));
  const [edited, setEdited] = useState<AdminTenant | 'new' | null>(null);
  const columns: readonly Column<AdminTenant>[] = [
    { title: 'Tenant', cell: ({ name, isDeleting }) => (isDeleting ? `${name} (being deleted)` : name) },
    { title: 'Stores', cell: ({ usage, quota }) => `${usage.stores} of ${quota.maxStores}` },
    { title: 'Members', cell: ({ members }) => members },
    { title: 'Largest plan', cell: ({ quota }) => capitalize(quota.largestPlan) },
    { title: 'Since', cell: ({ createdAt }) => formatDay(createdAt) },
    {
      title: 'Action',
      cell: (tenant) => (
        <Button
          size="xs"
          variant="default"
          aria-label={`Change ${tenant.name}`}
          onClick={() => setEdited(tenant)}
          disabled={tenant.isDeleting}
        >
          Change
        </Button>
      ),
    },
  ];
  return (
    <Panel
      title="Tenants"
      actions={
        <>
          <SearchField label="Search the tenants" value={text} onChange={setText} />
          <Button size="xs" onClick={() => setEdited('new')}>
            New tenant
          </Button>
        </>
      }
      isFlush
    >
      <DataTable label="Tenants" columns={columns} keyOf={({ id }) => id} empty="None is called so." {...table} />
      {edited !== null && <TenantDialog tenant={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
    </Panel>
  );
}
