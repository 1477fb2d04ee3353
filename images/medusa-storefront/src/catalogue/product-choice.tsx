'use client';
// Holds which variant is chosen, because two parts of the page follow it: the form, and the picture that comes first.
import { type ReactNode, useState } from 'react';
import { Gallery } from './gallery.tsx';
import { type Chosen, findChoice, type OptionChoice, ProductForm, type VariantChoice } from './product-form.tsx';
import styles from './product-view.module.css';

interface ProductChoiceProps {
  handle: string;
  title: string;
  pictures: string[];
  options: OptionChoice[];
  variants: VariantChoice[];
  initial: Chosen;
  heading: ReactNode;
  children: ReactNode;
}

export function ProductChoice({ title, pictures, initial, heading, children, ...offer }: ProductChoiceProps) {
  const [chosen, setChosen] = useState(initial);
  const leading = findChoice(offer.options, offer.variants, chosen)?.picture ?? null;
  return (
    <div className={styles.product}>
      <Gallery title={title} pictures={pictures} leading={leading} />
      <div className={styles.words}>
        {heading}
        <ProductForm {...offer} chosen={chosen} onChoose={setChosen} />
        {children}
      </div>
    </div>
  );
}
