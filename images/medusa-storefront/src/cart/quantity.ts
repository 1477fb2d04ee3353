// How many of one thing a shopper may ask for; what is really there is the backend's to decide.
export const MOST_OF_ONE = 99;

/** A whole number from `least` to the limit, whatever was typed; null when it is no number at all. */
export function parseQuantity(typed: unknown, least: 0 | 1): number | null {
  if (typeof typed !== 'string' || !/^\s*\d{1,9}\s*$/.test(typed)) return null;
  return Math.min(MOST_OF_ONE, Math.max(least, Number(typed)));
}
