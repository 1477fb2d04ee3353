'use client';
// One line of the cart. Every button is a submit button of a real form, so changing and removing work without scripts; with
// them a typed quantity applies when its field is left.
import { useActionState } from 'react';
import type { LineItem } from '../backend/shapes.ts';
import { formatMoney } from '../parts/money.ts';
import { Picture } from '../parts/picture.tsx';
import { ShopLink } from '../parts/shop-link.tsx';
import { SubmitButton } from '../parts/submit-button.tsx';
import { changeLine, removeLine } from './cart-actions.ts';
import styles from './cart-line.module.css';
import { lineAmount, lineTitle, lineVariant } from './line-words.ts';
import { MOST_OF_ONE } from './quantity.ts';

export function CartLine({ item, currencyCode }: { item: LineItem; currencyCode: string }) {
  const [changed, change, isChanging] = useActionState(changeLine, { message: null });
  const [removed, remove, isRemoving] = useActionState(removeLine, { message: null });
  const title = lineTitle(item);
  const variant = lineVariant(item);
  const message = changed.message ?? removed.message;
  return (
    <li className={styles.line} aria-busy={isChanging || isRemoving}>
      <Picture stored={item.thumbnail} alt="" />
      <div className={styles.words}>
        <ShopLink href={`/products/${item.product_handle}`} className={styles.title}>
          {title}
        </ShopLink>
        {variant !== null && <span className={styles.detail}>{variant}</span>}
        <span className={styles.detail}>{formatMoney(item.unit_price, currencyCode)}</span>
      </div>
      <p className={styles.amount}>{formatMoney(lineAmount(item), currencyCode)}</p>
      <div className={styles.controls}>
        <form action={change} className={styles.quantity}>
          <input type="hidden" name="item" value={item.id} />
          {/* Enter in the field presses a form's first button, which must not be the one that takes away. */}
          <button type="submit" className="visually-hidden" tabIndex={-1} aria-hidden="true">
            Update
          </button>
          <button type="submit" name="step" value="-1" aria-label={`One less: ${title}`}>
            −
          </button>
          <input
            key={`${item.quantity} ${changed.message}`}
            name="quantity"
            type="number"
            inputMode="numeric"
            min={0}
            max={MOST_OF_ONE}
            defaultValue={item.quantity}
            aria-label={`Quantity: ${title}`}
            onBlur={({ currentTarget }) => {
              if (currentTarget.value !== String(item.quantity)) currentTarget.form?.requestSubmit();
            }}
          />
          <button type="submit" name="step" value="1" aria-label={`One more: ${title}`}>
            +
          </button>
        </form>
        <form action={remove}>
          <input type="hidden" name="item" value={item.id} />
          <SubmitButton look="quiet" pendingText="Removing…">
            Remove<span className="visually-hidden"> {title}</span>
          </SubmitButton>
        </form>
      </div>
      <div className={styles.message} role="status">
        {message}
      </div>
    </li>
  );
}
