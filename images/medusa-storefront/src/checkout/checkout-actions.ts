'use server';
// From an address to an order. Each action starts from the cart as Medusa has it, so a second tab or a double press cannot
// pay for something else than what is shown.
import { refresh } from 'next/cache';
import { redirect } from 'next/navigation';
import {
  chooseShipping,
  completeCart,
  listShippingOptions,
  readCart,
  startPayment,
  updateCart,
} from '../backend/carts.ts';
import { findRegion } from '../backend/regions.ts';
import { BackendUnreachable } from '../backend/request-backend.ts';
import type { Cart } from '../backend/shapes.ts';
import { explainReason, explainToShopper } from '../cart/refusals.ts';
import { forget, recall, remember } from '../cart/shopper-cookies.ts';
import { type AddressErrors, type AddressValues, checkAddress, readAddress, toAddress } from './address.ts';
import { MANUAL_PAYMENT } from './manual-payment.ts';

export interface AddressOutcome {
  values: AddressValues | null;
  errors: AddressErrors;
  message: string | null;
  at: number;
}

const NOTHING_ORDERED = 'Your order could not be placed. Please check your details and try again.';
const NO_ANSWER = 'The shop is not answering right now. Please try again in a moment: it will not be ordered twice.';
const CART_GONE = 'Your cart has changed in the meantime. Please look at it again.';

/** Keeps the address and, so that the total is whole, the cheapest delivery there until the shopper picks another. */
export async function saveAddress(_previous: AddressOutcome, form: FormData): Promise<AddressOutcome> {
  const values = readAddress(form);
  const refused = (message: string | null, errors: AddressErrors = {}) => ({ values, errors, message, at: Date.now() });
  try {
    const cart = await readOpenCart();
    if (cart === null) return refused(CART_GONE);
    const region = await findRegion(cart.region_id);
    const errors = checkAddress(
      values,
      region.countries.map(({ iso_2 }) => iso_2),
    );
    if (Object.keys(errors).length > 0) return refused(null, errors);
    const address = toAddress(values);
    await updateCart(cart.id, { email: values.email, shipping_address: address, billing_address: address });
    await settleDelivery(cart);
  } catch (error) {
    return refused(explainToShopper(error, 'This address could not be used. Please check it and try again.'));
  }
  redirect('/checkout');
}

export interface OrderOutcome {
  message: string | null;
  at: number;
}

/** Called as soon as another delivery is picked, so that the total follows before anything is ordered. */
export async function pickDelivery(optionId: string): Promise<OrderOutcome> {
  try {
    const cart = await readOpenCart();
    if (cart === null) return { message: CART_GONE, at: Date.now() };
    await chooseShipping(cart.id, optionId);
    refresh();
    return { message: null, at: Date.now() };
  } catch (error) {
    return { message: explainToShopper(error, 'This delivery cannot be chosen. Please pick another.'), at: Date.now() };
  }
}

/**
 * Pressing again never orders twice: a cart that has become an order in the meantime, in another tab or behind an answer that
 * was lost, leads to that order.
 */
export async function placeOrder(_previous: OrderOutcome, form: FormData): Promise<OrderOutcome> {
  const refused = (message: string) => ({ message, at: Date.now() });
  let orderId: string;
  try {
    const cartId = await recall('cart');
    if (cartId === undefined) return refused(CART_GONE);
    const cart = await readCart(cartId);
    if (cart !== null) {
      const problem = await readyForOrder(cart, form.get('delivery'));
      if (problem !== null) return refused(problem);
    }
    const placed = await completeCart(cartId);
    if ('reason' in placed) {
      console.warn(`the cart could not become an order: ${placed.reason}`);
      return refused(explainReason(placed.reason, NOTHING_ORDERED));
    }
    orderId = placed.orderId;
    await remember('order', orderId);
    await forget('cart');
  } catch (error) {
    return refused(error instanceof BackendUnreachable ? NO_ANSWER : explainToShopper(error, NOTHING_ORDERED));
  }
  redirect(`/orders/${orderId}`);
}

/** Gives the cart its delivery and its payment; answers with what the shopper must still do, or null. */
async function readyForOrder(cart: Cart, optionId: FormDataEntryValue | null): Promise<string | null> {
  if (cart.items.length === 0) return CART_GONE;
  if (typeof optionId !== 'string') return 'Please choose how your order should be delivered.';
  const isChosen = cart.shipping_methods.some((method) => method.shipping_option_id === optionId);
  if (!isChosen) await chooseShipping(cart.id, optionId);
  await startPayment(cart, MANUAL_PAYMENT.id);
  return null;
}

async function readOpenCart(): Promise<Cart | null> {
  const cartId = await recall('cart');
  return cartId === undefined ? null : await readCart(cartId);
}

async function settleDelivery(cart: Cart): Promise<void> {
  const options = await listShippingOptions(cart.id);
  const isStillOffered = options.some(({ id }) =>
    cart.shipping_methods.some((method) => method.shipping_option_id === id),
  );
  const cheapest = options.toSorted((one, other) => (one.amount ?? 0) - (other.amount ?? 0))[0];
  if (!isStillOffered && cheapest !== undefined) await chooseShipping(cart.id, cheapest.id);
}
