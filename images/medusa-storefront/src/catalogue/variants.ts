// Which variant a shopper means, what it costs and how much of it there is. Pure: the page, the form and the action agree by it.
import type { Product, ProductSummary, Variant } from '../backend/shapes.ts';

export type Stock = { state: 'plenty' | 'few' | 'none'; most: number };

// Few enough that saying the number helps to decide.
const FEW = 5;

export function stockOf(variant: Variant): Stock {
  if (!variant.manage_inventory || variant.allow_backorder) return { state: 'plenty', most: Number.POSITIVE_INFINITY };
  const most = Math.max(0, variant.inventory_quantity ?? 0);
  if (most === 0) return { state: 'none', most };
  return { state: most <= FEW ? 'few' : 'plenty', most };
}

/** `choose` tells the value picked for an option; a product without a choice to make has its one variant. */
export function findVariant(
  { variants, options }: Product,
  choose: (optionId: string) => string | undefined,
): Variant | undefined {
  if (variants === null || variants.length <= 1) return variants?.[0];
  return variants.find((variant) => (options ?? []).every(({ id }) => optionValue(variant, id) === choose(id)));
}

/** The variant a page opens with: the first that can be bought. */
export function firstVariant({ variants }: Product): Variant | undefined {
  return variants?.find((variant) => stockOf(variant).state !== 'none') ?? variants?.[0];
}

export function optionValue(variant: Variant, optionId: string): string | undefined {
  return variant.options?.find((option) => option.option_id === optionId)?.value;
}

export interface ListedPrice {
  amount: number;
  /** Set when it was higher before. */
  originalAmount: number | null;
  currencyCode: string;
  /** Other variants cost more. */
  isFrom: boolean;
}

/** The lowest price among the variants; null when none has a price in this region. */
export function listedPrice({ variants }: ProductSummary): ListedPrice | null {
  const prices = (variants ?? []).map(priceOf).filter((price) => price !== null);
  const lowest = prices.toSorted((one, other) => one.amount - other.amount)[0];
  if (lowest === undefined) return null;
  return { ...lowest, isFrom: prices.some(({ amount }) => amount > lowest.amount) };
}

export function priceOf({ calculated_price: price }: Variant): Omit<ListedPrice, 'isFrom'> | null {
  if (price?.calculated_amount === null || price?.calculated_amount === undefined) return null;
  const { calculated_amount: amount, original_amount: original, currency_code: currencyCode } = price;
  return { amount, originalAmount: original !== null && original > amount ? original : null, currencyCode };
}
