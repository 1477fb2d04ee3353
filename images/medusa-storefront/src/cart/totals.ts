// The lines under a cart or an order, so that they always add up to the total: with prices that include tax the tax is only
// named, with prices that do not it is a line of its own. Discounts are shown once, whatever they were given on.
import type { LineItem, Totals } from '../backend/shapes.ts';

export interface TotalLines {
  items: number;
  discount: number;
  shipping: number;
  tax: number;
  isTaxIncluded: boolean;
  total: number;
}

export function totalLines(totals: Totals & { items: Pick<LineItem, 'is_tax_inclusive'>[] }): TotalLines {
  const isTaxIncluded = totals.items.length > 0 && totals.items.every((item) => item.is_tax_inclusive);
  const common = { tax: totals.tax_total, total: totals.total, isTaxIncluded };
  if (isTaxIncluded) {
    return {
      ...common,
      items: totals.original_item_total,
      shipping: totals.original_shipping_total ?? totals.shipping_total,
      discount: totals.discount_total,
    };
  }
  return {
    ...common,
    items: totals.item_subtotal,
    shipping: totals.shipping_subtotal,
    discount: totals.discount_subtotal ?? totals.discount_total,
  };
}
