// The amounts of a cart or an order, one below the other, ending in what is to be paid.
import type { LineItem, Totals } from '../backend/shapes.ts';
import { formatMoney } from '../parts/money.ts';
import { totalLines } from './totals.ts';
import styles from './totals-list.module.css';

interface TotalsListProps {
  totals: Totals & { items: LineItem[] };
  /** Stands instead of an amount while no way of delivery is chosen. */
  shippingUnknown?: string | undefined;
}

export function TotalsList({ totals, shippingUnknown }: TotalsListProps) {
  const lines = totalLines(totals);
  const money = (amount: number) => formatMoney(amount, totals.currency_code);
  return (
    <dl className={styles.totals}>
      <Line name="Subtotal" value={money(lines.items)} />
      {lines.discount > 0 && <Line name="Discount" value={`−${money(lines.discount)}`} />}
      <Line name="Delivery" value={shippingUnknown ?? (lines.shipping === 0 ? 'Free' : money(lines.shipping))} />
      {!lines.isTaxIncluded && lines.tax > 0 && <Line name="Tax" value={money(lines.tax)} />}
      <div className={styles.total}>
        <dt>
          Total
          {lines.isTaxIncluded && lines.tax > 0 && (
            <span className={styles.note}> including {money(lines.tax)} tax</span>
          )}
        </dt>
        <dd data-testid="total">{money(lines.total)}</dd>
      </div>
    </dl>
  );
}

function Line({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
