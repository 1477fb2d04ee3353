// The cart's life in Medusa, one function a request. Nothing here is cached: what a shopper is charged is always fresh.
import { BackendRefusal, requestBackend } from './request-backend.ts';
import type { Address, Cart, CompleteCartAnswer, ShippingOption } from './shapes.ts';

const CART_FIELDS = [
  'id,email,region_id,currency_code,completed_at',
  'total,tax_total,discount_total,discount_subtotal,item_subtotal,original_item_total',
  'shipping_subtotal,shipping_total,original_shipping_total',
  '*items,*shipping_address,*shipping_methods,*payment_collection,*payment_collection.payment_sessions',
].join(',');
const query = { fields: CART_FIELDS };

/** Null for a cart that is gone or has become an order. */
export async function readCart(cartId: string): Promise<Cart | null> {
  try {
    const { cart } = await requestBackend<{ cart: Cart }>(cartPath(cartId), { query });
    return cart.completed_at === null ? cart : null;
  } catch (error) {
    if (error instanceof BackendRefusal && error.httpStatus === 404) return null;
    throw error;
  }
}

/** Only the number in the header: Medusa computes no totals for it. */
export async function countItems(cartId: string): Promise<number> {
  const { cart } = await requestBackend<{ cart: Pick<Cart, 'completed_at'> & { items: { quantity: number }[] } }>(
    cartPath(cartId),
    { query: { fields: 'id,completed_at,items.quantity' } },
  );
  return cart.completed_at === null ? cart.items.reduce((sum, { quantity }) => sum + quantity, 0) : 0;
}

export async function createCart(regionId: string): Promise<Cart> {
  const body = { region_id: regionId };
  const { cart } = await requestBackend<{ cart: Cart }>('/store/carts', { method: 'POST', query, body });
  return cart;
}

export interface CartChange {
  region_id?: string;
  email?: string;
  shipping_address?: Partial<Address>;
  billing_address?: Partial<Address>;
}

export async function updateCart(cartId: string, change: CartChange): Promise<Cart> {
  const { cart } = await requestBackend<{ cart: Cart }>(cartPath(cartId), { method: 'POST', query, body: change });
  return cart;
}

export async function addItem(cartId: string, variantId: string, quantity: number): Promise<Cart> {
  const body = { variant_id: variantId, quantity };
  const { cart } = await requestBackend<{ cart: Cart }>(`${cartPath(cartId)}/line-items`, {
    method: 'POST',
    query,
    body,
  });
  return cart;
}

export async function setItemQuantity(cartId: string, itemId: string, quantity: number): Promise<void> {
  await requestBackend(itemPath(cartId, itemId), { method: 'POST', body: { quantity } });
}

export async function removeItem(cartId: string, itemId: string): Promise<void> {
  await requestBackend(itemPath(cartId, itemId), { method: 'DELETE' });
}

/** What can be shipped to the cart's address; a calculated price comes with its amount filled in. */
export async function listShippingOptions(cartId: string): Promise<ShippingOption[]> {
  const { shipping_options } = await requestBackend<{ shipping_options: ShippingOption[] }>('/store/shipping-options', {
    query: { cart_id: cartId },
  });
  return await Promise.all(
    shipping_options.map((option) => (option.price_type === 'calculated' ? calculatePrice(cartId, option) : option)),
  );
}

export async function chooseShipping(cartId: string, optionId: string): Promise<void> {
  await requestBackend(`${cartPath(cartId)}/shipping-methods`, { method: 'POST', body: { option_id: optionId } });
}

/** Readies the cart for payment by the given provider; safe to call again for the same cart. */
export async function startPayment(cart: Cart, providerId: string): Promise<void> {
  const collectionId = cart.payment_collection?.id ?? (await createPaymentCollection(cart.id));
  await requestBackend(`/store/payment-collections/${encodeURIComponent(collectionId)}/payment-sessions`, {
    method: 'POST',
    body: { provider_id: providerId },
  });
}

/** Answers with the order's id, or with Medusa's reason why the cart could not become an order. */
export async function completeCart(cartId: string): Promise<{ orderId: string } | { reason: string }> {
  const answer = await requestBackend<CompleteCartAnswer>(`${cartPath(cartId)}/complete`, { method: 'POST', body: {} });
  // A refused completion is a 200 that carries the cart.
  if (answer.type === 'order') return { orderId: answer.order.id };
  return { reason: typeof answer.error === 'string' ? answer.error : (answer.error?.message ?? 'unknown') };
}

async function createPaymentCollection(cartId: string): Promise<string> {
  const { payment_collection } = await requestBackend<{ payment_collection: { id: string } }>(
    '/store/payment-collections',
    { method: 'POST', body: { cart_id: cartId } },
  );
  return payment_collection.id;
}

async function calculatePrice(cartId: string, option: ShippingOption): Promise<ShippingOption> {
  const { shipping_option } = await requestBackend<{ shipping_option: { amount: number } }>(
    `/store/shipping-options/${encodeURIComponent(option.id)}/calculate`,
    { method: 'POST', body: { cart_id: cartId } },
  );
  return { ...option, amount: shipping_option.amount };
}

function cartPath(cartId: string): string {
  return `/store/carts/${encodeURIComponent(cartId)}`;
}

function itemPath(cartId: string, itemId: string): string {
  return `${cartPath(cartId)}/line-items/${encodeURIComponent(itemId)}`;
}
