// How a line of a cart or an order is named and priced, the same wherever it stands.
import type { LineItem } from '../backend/shapes.ts';

export function lineTitle(item: LineItem): string {
  return item.product_title ?? item.title;
}

/** Null where the variant says nothing: Medusa names an only variant by default words or like its product. */
export function lineVariant(item: LineItem): string | null {
  const { variant_title: title } = item;
  return title === null || /^default\b/i.test(title) || title === lineTitle(item) ? null : title;
}

/** What the line comes to before discounts, taxed like the unit price shown in the catalogue. */
export function lineAmount({ unit_price, quantity }: LineItem): number {
  return unit_price * quantity;
}
