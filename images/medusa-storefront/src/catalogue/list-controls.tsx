// Filters are links and sorting is a form, so the list can be narrowed, shared and bookmarked without any script.
import Form from 'next/form';
import type { Category, Collection } from '../backend/shapes.ts';
import { ShopLink } from '../parts/shop-link.tsx';
import styles from './list-controls.module.css';
import { type ListQuery, listHref } from './list-query.ts';
import { SortSelect } from './sort-select.tsx';

interface ListControlsProps {
  query: ListQuery;
  categories: Category[];
  collections: Collection[];
  count: number;
}

export function ListControls({ query, categories, collections, count }: ListControlsProps) {
  return (
    <div className={styles.controls}>
      <nav className={styles.filters} aria-label="Filter products">
        <Pill href={listHref(query, { category: undefined, collection: undefined })} isCurrent={isUnfiltered(query)}>
          All
        </Pill>
        {categories
          .filter((category) => !category.parent_category_id || category.handle === query.category)
          .map(({ id, handle, name }) => (
            <Pill
              key={id}
              href={listHref(query, { category: handle, collection: undefined })}
              isCurrent={query.category === handle}
            >
              {name}
            </Pill>
          ))}
        {collections.length > 0 && categories.length > 0 && <span className={styles.divider} aria-hidden="true" />}
        {collections.map(({ id, handle, title }) => (
          <Pill
            key={id}
            href={listHref(query, { collection: handle, category: undefined })}
            isCurrent={query.collection === handle}
          >
            {title}
          </Pill>
        ))}
      </nav>
      <div className={styles.order}>
        <p className={styles.count}>{count === 1 ? '1 product' : `${count} products`}</p>
        <Form action="/" prefetch={false} className={styles.sort} scroll={false}>
          {query.category !== undefined && <input type="hidden" name="category" value={query.category} />}
          {query.collection !== undefined && <input type="hidden" name="collection" value={query.collection} />}
          {query.text !== undefined && <input type="hidden" name="q" value={query.text} />}
          <SortSelect key={query.sort} sort={query.sort} />
          <button type="submit" className="without-scripts">
            Apply
          </button>
        </Form>
      </div>
    </div>
  );
}

function Pill({ href, isCurrent, children }: { href: string; isCurrent: boolean; children: string }) {
  return (
    <ShopLink href={href} className={styles.pill} aria-current={isCurrent ? 'true' : undefined} scroll={false}>
      {children}
    </ShopLink>
  );
}

function isUnfiltered({ category, collection }: ListQuery): boolean {
  return category === undefined && collection === undefined;
}
