// Countries by their English names, from their two-letter codes.
const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'code' });

/** What is no country code is given back as it is. */
export function nameCountry(code: string): string {
  return /^[a-z]{2}$/i.test(code) ? (names.of(code.toUpperCase()) ?? code) : code;
}
