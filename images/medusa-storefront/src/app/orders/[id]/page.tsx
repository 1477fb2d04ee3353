// The confirmation. Whoever has the address of this page sees what was ordered; the shopper's own address is shown only to
// the browser that placed the order.
import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { readOrder } from '../../../backend/orders.ts';
import type { Order } from '../../../backend/shapes.ts';
import { ItemSummary } from '../../../cart/item-summary.tsx';
import { recall } from '../../../cart/shopper-cookies.ts';
import { TotalsList } from '../../../cart/totals-list.tsx';
import { AddressWords } from '../../../checkout/address-words.tsx';
import { MANUAL_PAYMENT } from '../../../checkout/manual-payment.ts';
import button from '../../../parts/button.module.css';
import { CheckIcon } from '../../../parts/icons.tsx';
import { ShopLink } from '../../../parts/shop-link.tsx';
import styles from './page.module.css';

export const metadata: Metadata = { title: 'Order confirmation', robots: { index: false } };

export default async function OrderPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const order = (await readOrder(id)) ?? notFound();
  const isOwn = (await recall('order')) === order.id;
  const name = isOwn ? order.shipping_address?.first_name : null;
  return (
    <div className={styles.order}>
      <div className={styles.thanks}>
        <span className={styles.mark}>
          <CheckIcon />
        </span>
        <h1>{name ? `Thank you, ${name}` : 'Thank you'}</h1>
        <p>
          Your order <strong data-testid="order-number">#{order.display_id}</strong> of {formatDay(order.created_at)}{' '}
          has been placed.
        </p>
      </div>
      <section className={styles.items} aria-label="What you ordered">
        <ItemSummary items={order.items} currencyCode={order.currency_code} />
        <TotalsList totals={order} />
      </section>
      <Particulars order={order} isOwn={isOwn} />
      <ShopLink href="/" className={button.primary}>
        Continue shopping
      </ShopLink>
    </div>
  );
}

function Particulars({ order, isOwn }: { order: Order; isOwn: boolean }) {
  return (
    <dl className={styles.particulars}>
      {isOwn && order.shipping_address !== null && (
        <div>
          <dt>Goes to</dt>
          <dd>
            <AddressWords address={order.shipping_address} />
            {order.email}
          </dd>
        </div>
      )}
      <div>
        <dt>Delivery</dt>
        <dd>{order.shipping_methods.map((method) => method.name).join(', ')}</dd>
      </div>
      <div>
        <dt>Payment</dt>
        <dd>
          {MANUAL_PAYMENT.label}. {MANUAL_PAYMENT.explanation}
        </dd>
      </div>
    </dl>
  );
}

function formatDay(instant: string): string {
  return new Intl.DateTimeFormat('en', { dateStyle: 'long' }).format(new Date(instant));
}
