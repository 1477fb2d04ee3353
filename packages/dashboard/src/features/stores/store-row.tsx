// One store in the list. The whole row leads to its page; the menu has what can be done from here. A row comes and goes with every
// turn of the wheel: it draws plain elements and asks for nothing.
import type { Store, StoreProgress } from '@souk/contract';
import { IconDots } from '@tabler/icons-react';
import { memo, type SyntheticEvent, useState } from 'react';
import { Link } from 'react-router';
import { Instant } from '../../components/instant.tsx';
import { paths } from '../../lib/paths.ts';
import { EngineMark } from './engine-mark.tsx';
import { StoreMenu } from './store-menu.tsx';
import classes from './store-row.module.css';
import { StoreStateLines } from './store-state.tsx';
import { capitalize, hostOf } from './words.ts';

interface StoreRowProps {
  readonly store: Store;
  readonly progress: StoreProgress | undefined;
  readonly engineTitle: string;
}

export const StoreRow = memo(function StoreRow({ store, progress, engineTitle }: StoreRowProps) {
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
        <StoreStateLines store={store} progress={progress} />
      </div>
      <div role="cell" className={classes.wide}>
        {engineTitle} <span className={classes.soft}>{store.engineVersion}</span>
      </div>
      <div role="cell" className={classes.wide}>
        {capitalize(store.plan)}
      </div>
      <div role="cell" className={`${classes.wide} ${classes.soft} ${classes.above}`}>
        <Instant at={store.createdAt} />
      </div>
      <div role="cell" className={classes.menu}>
        {!isPending && <Actions store={store} />}
      </div>
    </>
  );
});

/** The menu itself is made when somebody comes near its button, by pointer or by keyboard: it costs more than its whole row. */
function Actions({ store }: { readonly store: Store }) {
  const [button, setButton] = useState<HTMLButtonElement | null>(null);
  const [isOpen, setOpen] = useState(false);
  const id = `actions-${store.id}`;
  const comeNear = ({ currentTarget }: SyntheticEvent<HTMLButtonElement>): void => setButton(currentTarget);
  return (
    <>
      <button
        type="button"
        id={id}
        className={classes.button}
        aria-label={`What to do with ${store.name}`}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onPointerEnter={comeNear}
        onFocus={comeNear}
        onClick={() => setOpen(!isOpen)}
      >
        <IconDots size={18} />
      </button>
      {button !== null && <StoreMenu id={id} store={store} button={button} isOpen={isOpen} onChange={setOpen} />}
    </>
  );
}
