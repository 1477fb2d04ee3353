// One store in the list. The whole row leads to its page; the menu has what can be done from here.
import { ActionIcon, Menu } from '@mantine/core';
import type { Store } from '@souk/contract';
import { IconDots, IconExternalLink, IconFileText, IconRefresh, IconTool, IconTrash } from '@tabler/icons-react';
import { memo } from 'react';
import { Link } from 'react-router';
import { Instant } from '../../components/instant.tsx';
import { paths } from '../../lib/paths.ts';
import { EngineMark } from './engine-mark.tsx';
import classes from './store-row.module.css';
import { StoreState } from './store-state.tsx';
import { useEngineTitle } from './use-engine-title.ts';
import { useRetryStore } from './use-store-commands.ts';
import { capitalize, hostOf } from './words.ts';

export const StoreRow = memo(function StoreRow({ store }: { readonly store: Store }) {
  const isPending = store.id.startsWith('pending');
  return (
    <>
      <div role="cell" className={classes.store}>
        <EngineMark engine={store.engine} />
        <div className={classes.words}>
          {isPending ? (
            <span className={classes.name}>{store.name}</span>
          ) : (
            <Link to={paths.store(store.id)} className={classes.name}>
              {store.name}
            </Link>
          )}
          <span className={classes.host}>{hostOf(store.storefrontUrl)}</span>
        </div>
      </div>
      <div role="cell" className={classes.state}>
        <StoreState store={store} />
      </div>
      <div role="cell" className={classes.wide}>
        {useEngineTitle(store.engine)} <span className={classes.soft}>{store.engineVersion}</span>
      </div>
      <div role="cell" className={classes.wide}>
        {capitalize(store.plan)}
      </div>
      <div role="cell" className={`${classes.wide} ${classes.soft} ${classes.above}`}>
        <Instant at={store.createdAt} />
      </div>
      <div role="cell" className={classes.menu}>
        {!isPending && <StoreMenu store={store} />}
      </div>
    </>
  );
});

function StoreMenu({ store }: { readonly store: Store }) {
  const retry = useRetryStore(store);
  return (
    <Menu position="bottom-end" width={190} withinPortal>
      <Menu.Target>
        <ActionIcon aria-label={`What to do with ${store.name}`}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {store.phase === 'ready' && (
          <>
            <Menu.Item
              component="a"
              href={store.storefrontUrl}
              target="_blank"
              rel="noreferrer"
              leftSection={<IconExternalLink size={16} />}
            >
              Open the shop
            </Menu.Item>
            <Menu.Item
              component="a"
              href={store.adminUrl}
              target="_blank"
              rel="noreferrer"
              leftSection={<IconTool size={16} />}
            >
              Open its admin
            </Menu.Item>
          </>
        )}
        {store.phase === 'failed' && (
          <Menu.Item leftSection={<IconRefresh size={16} />} onClick={() => retry.mutate()}>
            Try again
          </Menu.Item>
        )}
        <Menu.Item component={Link} to={paths.store(store.id, 'logs')} leftSection={<IconFileText size={16} />}>
          Logs
        </Menu.Item>
        {store.phase !== 'deleting' && store.phase !== 'deleted' && (
          <>
            <Menu.Divider />
            <Menu.Item
              component={Link}
              to={paths.store(store.id, 'settings')}
              color="red"
              leftSection={<IconTrash size={16} />}
            >
              Delete…
            </Menu.Item>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
