// All stores of the tenant: found, sorted, followed, and the way to a new one. What is looked for stands in the address.
import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { ErrorState } from '../../components/error-state.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { queries } from '../../lib/queries.ts';
import { useMay } from '../session/session.ts';
import { NoStores } from './no-stores.tsx';
import { StoreFilters } from './store-filters.tsx';
import { StoreTable, StoreTableSkeleton } from './store-table.tsx';
import { useStoreFilter } from './use-store-filter.ts';

const CreateStoreDialog = lazy(async () => ({
  default: (await import('../create-store/create-store-dialog.tsx')).CreateStoreDialog,
}));

export function StoresPage() {
  const [search, setSearch] = useSearchParams();
  const { filter, isFiltered } = useStoreFilter();
  const list = useInfiniteQuery({ ...queries.stores(filter), placeholderData: keepPreviousData });
  const isCreating = search.has('new');
  const setCreating = (wanted: boolean): void =>
    setSearch(
      (before) => {
        const after = new URLSearchParams(before);
        if (wanted) after.set('new', '');
        else after.delete('new');
        return after;
      },
      { replace: !wanted },
    );
  const mayWrite = useMay('member');
  const stores = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data]);
  const isEmpty = list.isSuccess && stores.length === 0;

  return (
    <>
      <PageHeader
        title="Stores"
        about={<QuotaLine />}
        actions={
          mayWrite && (
            <Button leftSection={<IconPlus size={16} />} onClick={() => setCreating(true)}>
              New store
            </Button>
          )
        }
      />
      {!(isEmpty && !isFiltered) && <StoreFilters />}
      {list.isPending && <StoreTableSkeleton />}
      {list.isError && stores.length === 0 && <ErrorState error={list.error} onRetry={() => void list.refetch()} />}
      {isEmpty && <NoStores isFiltered={isFiltered} onCreate={() => setCreating(true)} />}
      {stores.length > 0 && (
        <StoreTable
          stores={stores}
          hasMore={list.hasNextPage}
          isFetchingMore={list.isFetchingNextPage}
          onMore={() => void list.fetchNextPage()}
        />
      )}
      {isCreating && (
        <Suspense fallback={null}>
          <CreateStoreDialog onClose={() => setCreating(false)} />
        </Suspense>
      )}
    </>
  );
}

function QuotaLine() {
  const { data } = useQuery({ ...queries.stats(), staleTime: 10_000 });
  if (data === undefined) return <> </>;
  const { used, limit } = data.quota.stores;
  const busy = data.byPhase.requested + data.byPhase.provisioning + data.byPhase.upgrading;
  const parts = [`${used} of ${limit} used`];
  if (busy > 0) parts.push(`${busy} on the way`);
  if (data.byHealth.degraded > 0) parts.push(`${data.byHealth.degraded} degraded`);
  if (data.byPhase.failed > 0) parts.push(`${data.byPhase.failed} failed`);
  return <span className="tabular">{parts.join(' · ')}</span>;
}
