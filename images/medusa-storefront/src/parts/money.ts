// Prices as people read them. Medusa gives amounts in major units, and Intl knows each currency's number of decimals.

const formats = new Map<string, Intl.NumberFormat>();

export function formatMoney(amount: number, currencyCode: string): string {
  const currency = currencyCode.toUpperCase();
  let format = formats.get(currency);
  if (format === undefined) {
    format = new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'narrowSymbol' });
    formats.set(currency, format);
  }
  return format.format(amount);
}
