// Where the sample shop sells: two regions, how they are taxed and what shipping costs there.

/** Standard VAT rates of 2026. The prices shown include them. */
export const EUROPE_VAT_PERCENT = {
  at: 20,
  be: 21,
  de: 19,
  dk: 25,
  es: 21,
  fi: 25.5,
  fr: 20,
  ie: 23,
  it: 22,
  nl: 21,
  pt: 23,
  se: 25,
};

export const MARKETS = [
  { name: 'Europe', currency: 'eur', countries: Object.keys(EUROPE_VAT_PERCENT), isTaxInclusive: true },
  { name: 'United States', currency: 'usd', countries: ['us'], isTaxInclusive: false },
];

export const SHIPPING = [
  { name: 'Standard', code: 'standard', description: 'In 3 to 5 working days.', eur: 4.9, usd: 8 },
  {
    name: 'Express',
    code: 'express',
    description: 'On the next working day, if ordered before noon.',
    eur: 11.9,
    usd: 18,
  },
];

export const WORKSHOP = {
  name: 'Workshop',
  address: { address_1: 'Oranienstraße 1', city: 'Berlin', postal_code: '10999', country_code: 'de' },
};
