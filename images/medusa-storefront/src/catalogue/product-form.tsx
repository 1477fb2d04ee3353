'use client';
// Choosing a variant and putting it into the cart. The form is complete without scripts: the server decides by the options
// that were sent. With scripts, price, stock and picture follow the choice at once.
import { useActionState, useState } from 'react';
import { type AddOutcome, addToCart } from '../cart/cart-actions.ts';
import { MOST_OF_ONE } from '../cart/quantity.ts';
import { Picture } from '../parts/picture.tsx';
import { ShopLink } from '../parts/shop-link.tsx';
import { SubmitButton } from '../parts/submit-button.tsx';
import { Price } from './price.tsx';
import styles from './product-form.module.css';
import type { ListedPrice, Stock } from './variants.ts';

export interface VariantChoice {
  id: string;
  values: Chosen;
  picture: string | null;
  price: Omit<ListedPrice, 'isFrom'> | null;
  stock: Stock;
}

export interface OptionChoice {
  id: string;
  title: string;
  values: string[];
}

/** The value chosen for each option, by the option's id. */
export type Chosen = Record<string, string>;

interface ProductFormProps {
  handle: string;
  options: OptionChoice[];
  variants: VariantChoice[];
  chosen: Chosen;
  onChoose: (chosen: Chosen) => void;
}

export function ProductForm({ handle, options, variants, chosen, onChoose }: ProductFormProps) {
  const [outcome, send] = useActionState(addToCart, { kind: 'nothing', at: 0 });
  const variant = findChoice(options, variants, chosen);
  return (
    <form action={send} className={styles.form}>
      <input type="hidden" name="handle" value={handle} />
      <p className={styles.price} aria-live="polite">
        {variant?.price ? <Price {...variant.price} /> : 'Not available'}
      </p>
      {options.map((option) => (
        <OptionField
          // React resets a form once it was sent, and a reset radio button forgets what was chosen: begin anew.
          key={`${option.id} ${outcome.at}`}
          option={option}
          chosen={chosen[option.id]}
          isBuyable={(value) => isBuyable({ options, variants, chosen: { ...chosen, [option.id]: value } })}
          onChoose={(value) => onChoose({ ...chosen, [option.id]: value })}
        />
      ))}
      <StockLine stock={variant?.stock} />
      <div className={styles.buy}>
        <QuantityField key={outcome.at} most={Math.min(MOST_OF_ONE, Math.max(1, variant?.stock.most ?? 1))} />
        <SubmitButton pendingText="Adding…" isDisabled={variant === undefined || variant.stock.state === 'none'}>
          {variant?.stock.state === 'none' ? 'Sold out' : 'Add to cart'}
        </SubmitButton>
      </div>
      <Outcome outcome={outcome} />
    </form>
  );
}

interface OptionFieldProps {
  option: OptionChoice;
  chosen: string | undefined;
  isBuyable: (value: string) => boolean;
  onChoose: (value: string) => void;
}

function OptionField({ option, chosen, isBuyable, onChoose }: OptionFieldProps) {
  return (
    <fieldset className={styles.option}>
      <legend>
        {option.title} <span className={styles.chosen}>{chosen}</span>
      </legend>
      <div className={styles.values}>
        {option.values.map((value) => (
          <label key={value} className={styles.value} data-unavailable={!isBuyable(value) || undefined}>
            <input
              type="radio"
              name={`option-${option.id}`}
              value={value}
              checked={chosen === value}
              onChange={() => onChoose(value)}
            />
            <span>
              {value}
              {!isBuyable(value) && <span className="visually-hidden"> (sold out)</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function QuantityField({ most }: { most: number }) {
  const [quantity, setQuantity] = useState('1');
  const move = (step: number) =>
    setQuantity(String(Math.min(most, Math.max(1, (Number.parseInt(quantity, 10) || 1) + step))));
  return (
    <div className={styles.quantity}>
      <button type="button" className="with-scripts" aria-label="One less" onClick={() => move(-1)}>
        −
      </button>
      <input
        aria-label="Quantity"
        name="quantity"
        type="number"
        inputMode="numeric"
        min={1}
        max={most}
        required
        value={quantity}
        onChange={(event) => setQuantity(event.currentTarget.value)}
      />
      <button type="button" className="with-scripts" aria-label="One more" onClick={() => move(1)}>
        +
      </button>
    </div>
  );
}

function StockLine({ stock }: { stock: Stock | undefined }) {
  const text = describeStock(stock);
  return (
    <p className={styles.stock} data-state={stock?.state ?? 'none'} aria-live="polite">
      {text}
    </p>
  );
}

function describeStock(stock: Stock | undefined): string {
  switch (stock?.state) {
    case undefined:
      return 'This combination is not available';
    case 'plenty':
      return 'In stock';
    case 'few':
      return `Only ${stock.most} left`;
    case 'none':
      return 'Sold out';
  }
}

function Outcome({ outcome }: { outcome: AddOutcome }) {
  return (
    <div role="status">
      {outcome.kind === 'refused' && (
        <p key={outcome.at} className={styles.refused}>
          {outcome.message}
        </p>
      )}
      {outcome.kind === 'added' && (
        <div key={outcome.at} className={styles.added}>
          <Picture stored={outcome.picture} alt="" />
          <p>
            <strong>Added to your cart</strong>
            <br />
            {outcome.quantity} × {outcome.title}
            {outcome.variantTitle !== null && `, ${outcome.variantTitle}`}
          </p>
          <ShopLink href="/cart">View cart</ShopLink>
        </div>
      )}
    </div>
  );
}

/** Undefined where no variant has this combination. */
export function findChoice(
  options: OptionChoice[],
  variants: VariantChoice[],
  chosen: Chosen,
): VariantChoice | undefined {
  return variants.find(({ values }) => isSame(options, values, chosen));
}

function isSame(options: OptionChoice[], one: Chosen, other: Chosen): boolean {
  return options.every(({ id }) => one[id] === other[id]);
}

interface Choice {
  options: OptionChoice[];
  variants: VariantChoice[];
  chosen: Chosen;
}

function isBuyable({ options, variants, chosen }: Choice): boolean {
  return variants.some(({ values, stock }) => stock.state !== 'none' && isSame(options, values, chosen));
}
