// One price as shoppers see it: the old one struck through when it was lowered, and "from" where variants cost more.
import { formatMoney } from '../parts/money.ts';
import styles from './price.module.css';

interface PriceProps {
  amount: number;
  originalAmount: number | null;
  currencyCode: string;
  isFrom?: boolean;
}

export function Price({ amount, originalAmount, currencyCode, isFrom = false }: PriceProps) {
  const now = formatMoney(amount, currencyCode);
  if (originalAmount === null) {
    return (
      <span className={styles.price}>
        {isFrom && <span className={styles.from}>from </span>}
        {now}
      </span>
    );
  }
  return (
    <span className={styles.price}>
      <span className="visually-hidden">{isFrom ? 'now from ' : 'now '}</span>
      <span className={styles.lowered}>{now}</span> <span className="visually-hidden">before </span>
      <s className={styles.before}>{formatMoney(originalAmount, currencyCode)}</s>
    </span>
  );
}
