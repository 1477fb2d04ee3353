// The cart: what is in it, what it comes to, and the way to the checkout.
import type { Metadata } from 'next';
import { CartLine } from '../../cart/cart-line.tsx';
import { readCurrentCart } from '../../cart/current-cart.ts';
import { TotalsList } from '../../cart/totals-list.tsx';
import { MessagePage } from '../../frame/message-page.tsx';
import button from '../../parts/button.module.css';
import { ShopLink } from '../../parts/shop-link.tsx';
import styles from './page.module.css';

export const metadata: Metadata = { title: 'Cart', robots: { index: false } };

export default async function CartPage() {
  const cart = await readCurrentCart();
  if (cart === null || cart.items.length === 0) {
    return (
      <MessagePage title="Your cart is empty" text="Whatever you pick will wait for you here.">
        <ShopLink href="/" className={button.primary}>
          See all products
        </ShopLink>
      </MessagePage>
    );
  }
  const shippingUnknown = cart.shipping_methods.length === 0 ? 'At checkout' : undefined;
  return (
    <>
      <h1>Cart</h1>
      <div className={styles.cart}>
        <ul className={styles.lines} aria-label="In your cart">
          {cart.items.map((item) => (
            <CartLine key={item.id} item={item} currencyCode={cart.currency_code} />
          ))}
        </ul>
        <section className={styles.summary} aria-label="Summary">
          <TotalsList totals={cart} shippingUnknown={shippingUnknown} />
          <ShopLink href="/checkout" className={button.primary}>
            Check out
          </ShopLink>
          <ShopLink href="/" className={styles.back}>
            Continue shopping
          </ShopLink>
        </section>
      </div>
    </>
  );
}
