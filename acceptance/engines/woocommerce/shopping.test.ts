import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Engine } from '@souk/contract';
import { whyUnavailable } from '../shopping.ts';

const engine = (reason: string | null): Engine => ({
  ...{ name: 'woocommerce', title: 'WooCommerce', summary: 'A shop', version: '11.0.1' },
  ...{ available: reason === null, reason },
});

it('tests of an engine without its archive are skipped by that name, and any other reason is told as it is', () => {
  const missing =
    'WooCommerce 11.0.1 is in no package registry: download it yourself, save it as /archives/woocommerce.zip';
  assert.equal(whyUnavailable(engine(missing), 'WooCommerce'), 'no WooCommerce archive');
  const other = whyUnavailable(engine('its images are not built: woocommerce'), 'WooCommerce');
  assert.equal(other, 'WooCommerce: its images are not built: woocommerce');
  assert.equal(whyUnavailable(engine(null), 'WooCommerce'), false);
});
