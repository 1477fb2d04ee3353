// One store: what it is and where it answers at the top, everything else in tabs. Each tab has an address of its own.
import { Anchor, Button, Skeleton } from '@mantine/core';
import { isRefusal, type Store } from '@souk/contract';
import { IconArrowLeft, IconExternalLink, IconMapOff, IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy } from 'react';
import { Link, useParams } from 'react-router';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { useTitle } from '../../components/page-header.tsx';
import { SubPages } from '../../components/sub-pages.tsx';
import { paths, STORE_TABS, type StoreTab } from '../../lib/paths.ts';
import { queries } from '../../lib/queries.ts';
import { EngineMark } from '../stores/engine-mark.tsx';
import { StoreState } from '../stores/store-state.tsx';
import { useRetryStore } from '../stores/use-store-commands.ts';
import { capitalize, hostOf } from '../stores/words.ts';
import { OverviewTab } from './overview-tab.tsx';
import classes from './store-page.module.css';

const TABS: Readonly<Record<Exclude<StoreTab, 'overview'>, React.ComponentType<{ readonly store: Store }>>> = {
  activity: lazy(async () => ({ default: (await import('./activity-tab.tsx')).ActivityTab })),
  pods: lazy(async () => ({ default: (await import('./pods-tab.tsx')).PodsTab })),
  logs: lazy(async () => ({ default: (await import('./logs-tab.tsx')).LogsTab })),
  jobs: lazy(async () => ({ default: (await import('./jobs-tab.tsx')).JobsTab })),
  settings: lazy(async () => ({ default: (await import('./settings-tab.tsx')).SettingsTab })),
};

export function StorePage() {
  const { id = '', tab = 'overview' } = useParams();
  const { data: store, error, refetch } = useQuery(queries.store(id));
  const shown = STORE_TABS.find((name) => name === tab);
  if (store !== undefined && shown !== undefined) return <StoreView store={store} tab={shown} />;
  if (shown === undefined || isRefusal(error, 'store_not_found')) return <NoSuchStore />;
  return error === null ? <StoreSkeleton /> : <ErrorState error={error} onRetry={() => void refetch()} />;
}

function StoreView({ store, tab }: { readonly store: Store; readonly tab: StoreTab }) {
  useTitle(store.name);
  const Tab = tab === 'overview' ? OverviewTab : TABS[tab];
  return (
    <>
      <StoreHeader store={store} />
      <SubPages
        label={`Parts of ${store.name}`}
        pages={STORE_TABS.map((name) => ({ name, title: capitalize(name) }))}
        current={tab}
        pathOf={(name) => paths.store(store.id, name)}
      >
        <Tab store={store} />
      </SubPages>
    </>
  );
}

function StoreHeader({ store }: { readonly store: Store }) {
  const retry = useRetryStore(store);
  return (
    <header className={classes.header}>
      <Anchor component={Link} to={paths.stores} className={classes.back}>
        <IconArrowLeft size={14} aria-hidden="true" /> Stores
      </Anchor>
      <div className={classes.headline}>
        <EngineMark engine={store.engine} size={44} />
        <div className={classes.words}>
          <h1 className={classes.name}>{store.name}</h1>
          <span className={classes.host}>{hostOf(store.storefrontUrl)}</span>
        </div>
        <div className={classes.state}>
          <StoreState store={store} />
        </div>
        <div className={classes.actions}>
          {store.phase === 'failed' && (
            <Button leftSection={<IconRefresh size={16} />} loading={retry.isPending} onClick={() => retry.mutate()}>
              Try again
            </Button>
          )}
          {store.phase === 'ready' && (
            <>
              <Button component="a" href={store.adminUrl} target="_blank" rel="noreferrer" variant="default">
                Open admin
              </Button>
              <Button
                component="a"
                href={store.storefrontUrl}
                target="_blank"
                rel="noreferrer"
                rightSection={<IconExternalLink size={16} />}
              >
                Open shop
              </Button>
            </>
          )}
        </div>
      </div>
    </header>
  );
}

function NoSuchStore() {
  useTitle('No such store');
  return (
    <EmptyState
      icon={<IconMapOff size={22} />}
      title="There is no such store"
      action={
        <Button component={Link} to={paths.stores}>
          All stores
        </Button>
      }
    >
      It was deleted, or it belongs to somebody else.
    </EmptyState>
  );
}

function StoreSkeleton() {
  return (
    <div aria-busy="true" role="status" aria-label="Loading the store">
      <div className={classes.headline} style={{ marginTop: 34 }}>
        <Skeleton width={44} height={44} radius="md" />
        <div>
          <Skeleton width={180} height={20} mb={8} />
          <Skeleton width={220} height={12} />
        </div>
      </div>
      <Skeleton height={40} mt={24} mb={24} />
      <Skeleton height={260} radius="lg" />
    </div>
  );
}
