// The checkout on one page: address first, because it decides what can be delivered and what that costs, then the order.
import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { listShippingOptions } from '../../backend/carts.ts';
import { listPaymentProviders } from '../../backend/orders.ts';
import { findRegion } from '../../backend/regions.ts';
import type { Cart, ShippingOption } from '../../backend/shapes.ts';
import { readCurrentCart } from '../../cart/current-cart.ts';
import { ItemSummary } from '../../cart/item-summary.tsx';
import { TotalsList } from '../../cart/totals-list.tsx';
import type { SearchParams } from '../../catalogue/list-query.ts';
import { type AddressValues, FIELD_NAMES } from '../../checkout/address.ts';
import { AddressForm } from '../../checkout/address-form.tsx';
import { AddressWords } from '../../checkout/address-words.tsx';
import styles from '../../checkout/checkout.module.css';
import { MANUAL_PAYMENT } from '../../checkout/manual-payment.ts';
import { type DeliveryChoice, OrderForm } from '../../checkout/order-form.tsx';
import { Problem } from '../../checkout/problem.tsx';
import { nameCountry } from '../../parts/country-name.ts';
import { formatMoney } from '../../parts/money.ts';
import { ShopLink } from '../../parts/shop-link.tsx';

export const metadata: Metadata = { title: 'Checkout', robots: { index: false } };

export default async function CheckoutPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const cart = await readCurrentCart();
  if (cart === null || cart.items.length === 0) redirect('/cart');
  const isAddressed = cart.email !== null && Boolean(cart.shipping_address?.address_1);
  const isEditing = !isAddressed || (await searchParams).edit === 'address';
  return (
    <>
      <h1>Checkout</h1>
      <div className={styles.checkout}>
        <div className={styles.steps}>
          {isEditing ? <AddressStep cart={cart} /> : <AddressGiven cart={cart} />}
          {isEditing ? <OrderStepLater /> : <OrderStep cart={cart} />}
        </div>
        <section className={styles.summary} aria-labelledby="summary">
          <h2 id="summary">Your order</h2>
          <ItemSummary items={cart.items} currencyCode={cart.currency_code} />
          <TotalsList
            totals={cart}
            shippingUnknown={cart.shipping_methods.length === 0 ? 'After your address' : undefined}
          />
        </section>
      </div>
    </>
  );
}

async function AddressStep({ cart }: { cart: Cart }) {
  const region = await findRegion(cart.region_id);
  const countries = region.countries
    .map(({ iso_2 }) => ({ code: iso_2, name: nameCountry(iso_2) }))
    .toSorted((one, other) => one.name.localeCompare(other.name, 'en'));
  return (
    <section aria-labelledby="address">
      <div className={styles.stepHead}>
        <h2 id="address">Contact and address</h2>
      </div>
      <AddressForm initial={knownValues(cart)} countries={countries} />
    </section>
  );
}

function AddressGiven({ cart }: { cart: Cart }) {
  return (
    <section aria-labelledby="address">
      <div className={styles.stepHead}>
        <h2 id="address">Contact and address</h2>
        <ShopLink href="/checkout?edit=address">
          Edit<span className="visually-hidden"> contact and address</span>
        </ShopLink>
      </div>
      <address className={styles.given}>
        {cart.shipping_address !== null && <AddressWords address={cart.shipping_address} />}
        {cart.email}
      </address>
    </section>
  );
}

function OrderStepLater() {
  return (
    <section className={styles.waiting}>
      <h2>Delivery and payment</h2>
    </section>
  );
}

async function OrderStep({ cart }: { cart: Cart }) {
  const [options, providers] = await Promise.all([listShippingOptions(cart.id), listPaymentProviders(cart.region_id)]);
  const picked = cart.shipping_methods[0]?.shipping_option_id ?? undefined;
  return (
    <section aria-labelledby="order">
      <div className={styles.stepHead}>
        <h2 id="order">Delivery and payment</h2>
      </div>
      {options.length === 0 && <Problem>We cannot deliver to this address. Please use another one.</Problem>}
      {!providers.includes(MANUAL_PAYMENT.id) && <Problem>The shop cannot take payments at the moment.</Problem>}
      {options.length > 0 && providers.includes(MANUAL_PAYMENT.id) && (
        <OrderForm
          deliveries={options.map((option) => toChoice(option, cart.currency_code))}
          pickedId={picked ?? options[0]?.id}
          payment={MANUAL_PAYMENT}
          total={formatMoney(cart.total, cart.currency_code)}
        />
      )}
    </section>
  );
}

function toChoice({ id, name, amount, type }: ShippingOption, currencyCode: string): DeliveryChoice {
  return {
    id,
    name,
    detail: type?.description || null,
    price: amount === null || amount === 0 ? 'Free' : formatMoney(amount, currencyCode),
  };
}

function knownValues(cart: Cart): AddressValues {
  const known: Partial<Record<string, string | null>> = { ...cart.shipping_address, email: cart.email };
  const values = {} as AddressValues;
  for (const name of FIELD_NAMES) values[name] = known[name] ?? '';
  return values;
}
