// The things of a cart or an order where they are only read: beside the checkout and on the confirmation.
import type { LineItem } from '../backend/shapes.ts';
import { formatMoney } from '../parts/money.ts';
import { Picture } from '../parts/picture.tsx';
import styles from './item-summary.module.css';
import { lineAmount, lineTitle, lineVariant } from './line-words.ts';

export function ItemSummary({ items, currencyCode }: { items: LineItem[]; currencyCode: string }) {
  return (
    <ul className={styles.items}>
      {items.map((item) => (
        <li key={item.id}>
          <Picture stored={item.thumbnail} alt="" />
          <span className={styles.words}>
            <span className={styles.title}>{lineTitle(item)}</span>
            <span className={styles.detail}>
              {[lineVariant(item), `Quantity ${item.quantity}`].filter(Boolean).join(' · ')}
            </span>
          </span>
          <span className={styles.amount}>{formatMoney(lineAmount(item), currencyCode)}</span>
        </li>
      ))}
    </ul>
  );
}
