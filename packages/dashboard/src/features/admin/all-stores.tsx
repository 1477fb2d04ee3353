// The stores of all tenants.
import type { AdminStore } from '@souk/contract';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Instant } from '../../components/instant.tsx';
import { Panel } from '../../components/panel.tsx';
import { client } from '../../lib/client.ts';
import classes from '../settings/forms.module.css';
import { StoreState } from '../stores/store-state.tsx';
import { capitalize, hostOf } from '../stores/words.ts';
import { SearchField } from './search-field.tsx';
import { usePages } from './use-pages.ts';

const COLUMNS: readonly Column<AdminStore>[] = [
  {
    title: 'Store',
    cell: ({ name, storefrontUrl }) => (
      <span className={classes.pair}>
        <span>{name}</span>
        <span>{hostOf(storefrontUrl)}</span>
      </span>
    ),
  },
  { title: 'Tenant', cell: ({ tenant }) => tenant.name },
  {
    title: 'State',
    cell: (store) => (
      // Why a store failed is a long line, which would take the other columns' place.
      <div style={{ maxWidth: 240 }}>
        <StoreState store={store} />
      </div>
    ),
  },
  { title: 'Engine', cell: ({ engine, engineVersion }) => `${capitalize(engine)} ${engineVersion}` },
  { title: 'Plan', cell: ({ plan }) => capitalize(plan) },
  { title: 'Created', cell: ({ createdAt }) => <Instant at={createdAt} /> },
];

export function AllStores() {
  const { text, setText, table } = usePages('stores', (query) => client.listAllStores(query));
  return (
    <Panel
      title="Stores"
      about="Of all tenants, newest first"
      actions={<SearchField label="Search the stores" value={text} onChange={setText} />}
      isFlush
    >
      <DataTable label="Stores" columns={COLUMNS} keyOf={({ id }) => id} empty="None is called so." {...table} />
    </Panel>
  );
}
