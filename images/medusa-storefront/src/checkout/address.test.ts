import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AddressValues, checkAddress, readAddress, toAddress } from './address.ts';

const good: AddressValues = {
  email: 'ada@example.com',
  first_name: 'Ada',
  last_name: 'Lovelace',
  company: '',
  address_1: '12 St James Square',
  address_2: '',
  postal_code: '10115',
  city: 'Berlin',
  province: '',
  country_code: 'de',
  phone: '',
};
const countries = ['de', 'fr', 'ie'];

test('a complete address is accepted without its optional parts', () => {
  assert.deepEqual(checkAddress(good, countries), {});
});

test('every missing part is named at once', () => {
  const errors = checkAddress(readAddress(new FormData()), countries);
  assert.deepEqual(Object.keys(errors), [
    'email',
    'first_name',
    'last_name',
    'address_1',
    'postal_code',
    'city',
    'country_code',
  ]);
});

test('an e-mail address needs a name, a host and a dot', () => {
  for (const email of ['ada', 'ada@', '@example.com', 'ada@example', 'a da@example.com', 'ada@example.']) {
    assert.ok(checkAddress({ ...good, email }, countries).email, email);
  }
});

test('a country that the region does not have is refused', () => {
  assert.ok(checkAddress({ ...good, country_code: 'us' }, countries).country_code);
});

test('a country without postal codes is not asked for one', () => {
  assert.deepEqual(checkAddress({ ...good, country_code: 'ie', postal_code: '' }, countries), {});
});

test('overlong parts and odd phone numbers are refused', () => {
  assert.ok(checkAddress({ ...good, city: 'x'.repeat(121) }, countries).city);
  assert.ok(checkAddress({ ...good, phone: 'call me' }, countries).phone);
  assert.equal(checkAddress({ ...good, phone: '+49 (0)30 1234-567' }, countries).phone, undefined);
});

test('what was typed is trimmed, and empty parts are sent as nothing', () => {
  const form = new FormData();
  form.set('city', '  Berlin ');
  form.set('country_code', 'DE');
  const values = readAddress(form);
  assert.equal(values.city, 'Berlin');
  assert.equal(values.country_code, 'de');
  assert.equal(toAddress(values).company, null);
  assert.equal('email' in toAddress(values), false);
});
