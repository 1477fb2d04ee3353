// An empty list says why it is empty and offers the way back.
import button from '../parts/button.module.css';
import { ShopLink } from '../parts/shop-link.tsx';
import { isFrontPage, type ListQuery } from './list-query.ts';
import styles from './pages.module.css';

export function NothingFound({ query }: { query: ListQuery }) {
  if (isFrontPage(query)) return <p className={styles.nothing}>There is nothing on the shelves yet.</p>;
  return (
    <div className={styles.nothing}>
      <p>{query.text === undefined ? 'There is nothing here.' : `Nothing matches “${query.text}”.`}</p>
      <ShopLink href="/" className={button.secondary}>
        See all products
      </ShopLink>
    </div>
  );
}
