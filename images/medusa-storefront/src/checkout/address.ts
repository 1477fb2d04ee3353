// What the checkout asks of a shopper and when it is good enough: the one list that the form, the check and the cart agree on.
import type { Address } from '../backend/shapes.ts';

interface FieldRule {
  label: string;
  autoComplete: string;
  isRequired: boolean;
  longest: number;
}

export const FIELDS = {
  email: { label: 'E-mail', autoComplete: 'email', isRequired: true, longest: 254 },
  first_name: { label: 'First name', autoComplete: 'given-name', isRequired: true, longest: 80 },
  last_name: { label: 'Last name', autoComplete: 'family-name', isRequired: true, longest: 80 },
  company: { label: 'Company', autoComplete: 'organization', isRequired: false, longest: 120 },
  address_1: { label: 'Address', autoComplete: 'address-line1', isRequired: true, longest: 200 },
  address_2: { label: 'Apartment, floor', autoComplete: 'address-line2', isRequired: false, longest: 200 },
  postal_code: { label: 'Postal code', autoComplete: 'postal-code', isRequired: true, longest: 20 },
  city: { label: 'City', autoComplete: 'address-level2', isRequired: true, longest: 120 },
  province: { label: 'State or province', autoComplete: 'address-level1', isRequired: false, longest: 80 },
  country_code: { label: 'Country', autoComplete: 'country', isRequired: true, longest: 2 },
  phone: { label: 'Phone', autoComplete: 'tel', isRequired: false, longest: 30 },
} as const satisfies Record<string, FieldRule>;

export type FieldName = keyof typeof FIELDS;
export const FIELD_NAMES = Object.keys(FIELDS) as FieldName[];
export type AddressValues = Record<FieldName, string>;
export type AddressErrors = Partial<Record<FieldName, string>>;

// Countries of the world where letters travel without a postal code, of those that shops commonly ship to.
const WITHOUT_POSTAL_CODE = new Set(['ae', 'bs', 'hk', 'ie', 'jm', 'mo', 'pa', 'qa', 'tt']);

export function readAddress(form: { get(name: string): unknown }): AddressValues {
  const values = {} as AddressValues;
  for (const name of FIELD_NAMES) {
    const typed = form.get(name);
    values[name] = typeof typed === 'string' ? typed.trim() : '';
  }
  values.country_code = values.country_code.toLowerCase();
  return values;
}

/** One sentence for each field that cannot be accepted; an empty object means all is well. */
export function checkAddress(values: AddressValues, countryCodes: readonly string[]): AddressErrors {
  const errors: AddressErrors = {};
  for (const name of FIELD_NAMES) {
    const error = checkField(name, values, countryCodes);
    if (error !== null) errors[name] = error;
  }
  return errors;
}

export function isPostalCodeNeeded(countryCode: string): boolean {
  return !WITHOUT_POSTAL_CODE.has(countryCode);
}

export function toAddress(values: AddressValues): Address {
  const { email: _email, ...address } = values;
  return Object.fromEntries(
    Object.entries(address).map(([name, value]) => [name, value || null]),
  ) as unknown as Address;
}

function checkField(name: FieldName, values: AddressValues, countryCodes: readonly string[]): string | null {
  const rule: FieldRule = FIELDS[name];
  const value = values[name];
  if (value === '') {
    const isNeeded = rule.isRequired && (name !== 'postal_code' || isPostalCodeNeeded(values.country_code));
    return isNeeded ? MISSING[name] : null;
  }
  if (value.length > rule.longest) return `${rule.label} can have at most ${rule.longest} characters.`;
  if (name === 'email' && !/^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(value)) {
    return 'This does not look like an e-mail address, such as name@example.com.';
  }
  if (name === 'country_code' && !countryCodes.includes(value)) return 'We do not deliver to this country.';
  if (name === 'phone' && !/^[+\d][\d\s()./-]{3,}$/.test(value)) return 'This does not look like a phone number.';
  return null;
}

const MISSING: Record<FieldName, string> = {
  email: 'Please enter your e-mail address.',
  first_name: 'Please enter your first name.',
  last_name: 'Please enter your last name.',
  company: 'Please enter your company.',
  address_1: 'Please enter your street and house number.',
  address_2: 'Please enter your apartment or floor.',
  postal_code: 'Please enter your postal code.',
  city: 'Please enter your city.',
  province: 'Please enter your state or province.',
  country_code: 'Please choose your country.',
  phone: 'Please enter your phone number.',
};
