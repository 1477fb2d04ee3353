// Nothing to list: either nothing was made yet, or nothing fits what is looked for.
import { Button } from '@mantine/core';
import { IconBuildingStore, IconSearchOff } from '@tabler/icons-react';
import { EmptyState } from '../../components/empty-state.tsx';
import { Panel } from '../../components/panel.tsx';
import { useStoreFilter } from './use-store-filter.ts';

export function NoStores({ isFiltered, onCreate }: { readonly isFiltered: boolean; readonly onCreate: () => void }) {
  const { clear } = useStoreFilter();
  return (
    <Panel isFlush>
      {isFiltered ? (
        <EmptyState
          icon={<IconSearchOff size={22} />}
          title="No store fits"
          action={
            <Button variant="default" onClick={clear}>
              Show all stores
            </Button>
          }
        >
          Nothing has that name, phase and engine.
        </EmptyState>
      ) : (
        <EmptyState
          icon={<IconBuildingStore size={22} />}
          title="Open your first store"
          action={<Button onClick={onCreate}>New store</Button>}
        >
          Choose an engine and a name. Seconds later a shop with products, cart and checkout answers at its own address,
          isolated from every other.
        </EmptyState>
      )}
    </Panel>
  );
}
