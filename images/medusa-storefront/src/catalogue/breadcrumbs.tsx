// Where a product stands in the shop.
import type { Category } from '../backend/shapes.ts';
import { ShopLink } from '../parts/shop-link.tsx';
import styles from './breadcrumbs.module.css';

export function Breadcrumbs({ category, title }: { category: Category | undefined; title: string }) {
  return (
    <nav aria-label="Breadcrumb" className={styles.breadcrumbs}>
      <ol>
        <li>
          <ShopLink href="/">Home</ShopLink>
        </li>
        {category !== undefined && (
          <li>
            <ShopLink href={`/?category=${encodeURIComponent(category.handle)}`}>{category.name}</ShopLink>
          </li>
        )}
        <li aria-current="page">{title}</li>
      </ol>
    </nav>
  );
}
