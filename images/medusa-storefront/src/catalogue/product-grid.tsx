// Products side by side, each one link as a whole.
import type { ProductSummary } from '../backend/shapes.ts';
import { Picture } from '../parts/picture.tsx';
import { ShopLink } from '../parts/shop-link.tsx';
import { Price } from './price.tsx';
import styles from './product-grid.module.css';
import { listedPrice, stockOf } from './variants.ts';

interface ProductGridProps {
  products: ProductSummary[];
  /** How many pictures are likely in the first view. */
  firstPictures?: number;
}

export function ProductGrid({ products, firstPictures = 0 }: ProductGridProps) {
  return (
    <ul className={styles.grid}>
      {products.map((product, index) => (
        <li key={product.id}>
          <ProductCard product={product} isFirst={index < firstPictures} />
        </li>
      ))}
    </ul>
  );
}

function ProductCard({ product, isFirst }: { product: ProductSummary; isFirst: boolean }) {
  const price = listedPrice(product);
  const isSoldOut = (product.variants ?? []).every((variant) => stockOf(variant).state === 'none');
  return (
    <ShopLink href={`/products/${product.handle}`} className={styles.card}>
      <span className={styles.picture}>
        <Picture stored={product.thumbnail} alt="" isFirst={isFirst} />
        {isSoldOut && <span className={styles.badge}>Sold out</span>}
        {!isSoldOut && price !== null && price.originalAmount !== null && <span className={styles.badge}>Sale</span>}
      </span>
      <span className={styles.words}>
        <span className={styles.title}>{product.title}</span>
        {price !== null && <Price {...price} />}
      </span>
    </ShopLink>
  );
}
