// The way through a list that is longer than one page.
import { ShopLink } from '../parts/shop-link.tsx';
import { type ListQuery, listHref } from './list-query.ts';
import styles from './pages.module.css';

export function Pages({ query, last }: { query: ListQuery; last: number }) {
  if (last <= 1) return null;
  return (
    <nav className={styles.pages} aria-label="Pages">
      {query.page > 1 && (
        <ShopLink href={listHref(query, { page: query.page - 1 })} rel="prev">
          Previous
        </ShopLink>
      )}
      <span>
        Page {query.page} of {last}
      </span>
      {query.page < last && (
        <ShopLink href={listHref(query, { page: query.page + 1 })} rel="next">
          Next
        </ShopLink>
      )}
    </nav>
  );
}
