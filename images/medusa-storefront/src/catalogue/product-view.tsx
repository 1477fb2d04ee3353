// A product as its page shows it: pictures beside the words, which stay in view while the pictures scroll.
import type { Product, Variant } from '../backend/shapes.ts';
import { nameCountry } from '../parts/country-name.ts';
import { picturePath } from '../parts/picture-path.ts';
import { ProductChoice } from './product-choice.tsx';
import type { Chosen, OptionChoice, VariantChoice } from './product-form.tsx';
import styles from './product-view.module.css';
import { firstVariant, optionValue, priceOf, stockOf } from './variants.ts';

export function ProductView({ product }: { product: Product }) {
  const options = listOptions(product);
  const first = firstVariant(product);
  return (
    <ProductChoice
      key={product.id}
      handle={product.handle}
      title={product.title}
      pictures={listPictures(product)}
      options={options}
      variants={(product.variants ?? []).map((variant) => toChoice(variant, options))}
      initial={first === undefined ? {} : chosenBy(first, options)}
      heading={
        <>
          <h1>{product.title}</h1>
          {product.subtitle && <p className={styles.subtitle}>{product.subtitle}</p>}
        </>
      }
    >
      <Description text={product.description} />
      <Facts product={product} />
    </ProductChoice>
  );
}

function Description({ text }: { text: string | null }) {
  const paragraphs = (text ?? '').split(/\n\s*\n/).filter((paragraph) => paragraph.trim() !== '');
  if (paragraphs.length === 0) return null;
  return (
    <section className={styles.description} aria-label="Description">
      {paragraphs.map((paragraph) => (
        <p key={paragraph}>{paragraph}</p>
      ))}
    </section>
  );
}

function Facts({ product }: { product: Product }) {
  const facts: [string, string][] = [];
  if (product.material) facts.push(['Material', product.material]);
  if (product.origin_country) facts.push(['Made in', nameCountry(product.origin_country)]);
  if (product.weight) facts.push(['Weight', `${product.weight} g`]);
  if (facts.length === 0) return null;
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function listPictures({ images, thumbnail }: Product): string[] {
  const stored = (images ?? []).length > 0 ? (images ?? []).map(({ url }) => url) : [thumbnail];
  return [...new Set(stored.map(picturePath))].filter((path) => path !== null);
}

/** Only options with something to choose: a product's one and only variant asks nothing. */
function listOptions({ options, variants }: Product): OptionChoice[] {
  if ((variants?.length ?? 0) <= 1) return [];
  return (options ?? []).map(({ id, title }) => ({
    id,
    title,
    // In the order of the variants, which the merchant arranges; Medusa gives an option's values in no order.
    values: [...new Set((variants ?? []).map((variant) => optionValue(variant, id)))].filter(
      (value) => value !== undefined,
    ),
  }));
}

function toChoice(variant: Variant, options: OptionChoice[]): VariantChoice {
  const { state, most } = stockOf(variant);
  return {
    id: variant.id,
    values: chosenBy(variant, options),
    picture: picturePath(variant.thumbnail),
    price: priceOf(variant),
    // What crosses to the browser must be plain: an endless stock is written as a very large one.
    stock: { state, most: Math.min(most, Number.MAX_SAFE_INTEGER) },
  };
}

function chosenBy(variant: Variant, options: OptionChoice[]): Chosen {
  return Object.fromEntries(options.map(({ id }) => [id, optionValue(variant, id) ?? '']));
}
