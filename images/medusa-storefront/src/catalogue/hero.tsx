// The front page's opening: the shop's name, and one sentence that is true of whatever it sells.
import type { Category, ProductSummary } from '../backend/shapes.ts';
import { Picture } from '../parts/picture.tsx';
import styles from './hero.module.css';

interface HeroProps {
  storeName: string;
  count: number;
  categories: Category[];
  products: ProductSummary[];
}

export function Hero({ storeName, count, categories, products }: HeroProps) {
  const pictured = spread(products.filter(({ thumbnail }) => thumbnail !== null));
  return (
    <section className={styles.hero} aria-labelledby="store-name">
      <div className={styles.words}>
        <p className={styles.welcome}>Welcome to</p>
        <h1 id="store-name">{storeName}</h1>
        <p className={styles.about}>{describe(count, categories)}</p>
        <a className={styles.browse} href="#products">
          Browse everything
        </a>
      </div>
      {new Set(pictured).size === 3 && (
        <div className={styles.pictures}>
          {pictured.map((product) => (
            <Picture key={product.id} stored={product.thumbnail} alt="" isFirst />
          ))}
        </div>
      )}
    </section>
  );
}

/** Three from the whole list, because neighbours on a shelf look alike. */
function spread(products: ProductSummary[]): ProductSummary[] {
  return [0, 1, 2]
    .map((part) => products[Math.floor((part * products.length) / 3)])
    .filter((product) => product !== undefined);
}

function describe(count: number, categories: Category[]): string {
  if (count === 0) return 'We are still unpacking. Please come back soon.';
  const things = count === 1 ? 'One thing' : `${count} things`;
  const names = categories.slice(0, 3).map(({ name }) => name.toLowerCase());
  if (names.length === 0) return `${things} to find a place for.`;
  const more = categories.length > names.length ? [...names, 'more'] : names;
  return `${things} to find a place for: ${new Intl.ListFormat('en').format(more)}.`;
}
