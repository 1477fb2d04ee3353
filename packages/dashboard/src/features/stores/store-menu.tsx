// What can be done with a store from the list.
import { Menu } from '@mantine/core';
import type { Store } from '@souk/contract';
import { IconExternalLink, IconFileText, IconRefresh, IconTool, IconTrash } from '@tabler/icons-react';
import { type RefCallback, useLayoutEffect } from 'react';
import { Link } from 'react-router';
import { paths } from '../../lib/paths.ts';
import { useRetryStore } from './use-store-commands.ts';

interface StoreMenuProps {
  /** The button's, which names the menu. */
  readonly id: string;
  readonly store: Store;
  readonly button: HTMLButtonElement;
  readonly isOpen: boolean;
  readonly onChange: (isOpen: boolean) => void;
}

export function StoreMenu({ id, store, button, isOpen, onChange }: StoreMenuProps) {
  const retry = useRetryStore(store);
  return (
    <Menu id={id} opened={isOpen} onChange={onChange} position="bottom-end" width={190} withinPortal>
      <Menu.Target>
        <Stands at={button} />
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
              color="var(--bad)"
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

/** In place of the button, which is there already. */
function Stands({ at, ref }: { readonly at: HTMLElement; readonly ref?: RefCallback<HTMLElement> }) {
  useLayoutEffect(() => {
    ref?.(at);
  }, [at, ref]);
  return null;
}
