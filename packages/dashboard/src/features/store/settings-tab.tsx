// The danger zone.
import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { Store } from '@souk/contract';
import { Link } from 'react-router';
import { Panel } from '../../components/panel.tsx';
import { paths } from '../../lib/paths.ts';
import { useMay } from '../session/session.ts';
import { DeleteStoreDialog } from './delete-store-dialog.tsx';
import classes from './settings-tab.module.css';

export function SettingsTab({ store }: { readonly store: Store }) {
  const [isAsking, { open, close }] = useDisclosure(false);
  const mayWrite = useMay('member');
  const isGoing = store.phase === 'deleting' || store.phase === 'deleted';
  return (
    <Panel title="Danger zone" tone="bad">
      <div className={classes.row}>
        <div>
          <p className={classes.title}>Delete this store</p>
          <p className={classes.about}>
            {isGoing
              ? `The store is ${store.phase === 'deleted' ? 'gone' : 'being deleted'}.`
              : 'Its shop, orders, customers, files and database go, and nothing brings them back. The name is free again afterwards.'}
          </p>
        </div>
        {store.phase === 'deleted' ? (
          <Button component={Link} to={paths.stores} variant="default">
            All stores
          </Button>
        ) : (
          <Button color="red" variant="light" onClick={open} disabled={isGoing || !mayWrite}>
            Delete store
          </Button>
        )}
      </div>
      {isAsking && <DeleteStoreDialog store={store} onClose={close} />}
    </Panel>
  );
}
