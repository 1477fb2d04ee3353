// Reads an order by its id. Medusa treats the unguessable id as the right to read; who may see the address is decided by the page.
import { BackendRefusal, requestBackend } from './request-backend.ts';
import type { Order } from './shapes.ts';

const ORDER_FIELDS = [
  'id,display_id,email,created_at,currency_code',
  'total,tax_total,discount_total,discount_subtotal,item_subtotal,original_item_total',
  'shipping_subtotal,shipping_total,original_shipping_total',
  '*items,*shipping_address,*shipping_methods',
].join(',');

/** Null when there is no such order. */
export async function readOrder(orderId: string): Promise<Order | null> {
  try {
    const { order } = await requestBackend<{ order: Order }>(`/store/orders/${encodeURIComponent(orderId)}`, {
      query: { fields: ORDER_FIELDS },
    });
    return order;
  } catch (error) {
    if (error instanceof BackendRefusal && error.httpStatus === 404) return null;
    throw error;
  }
}

/** The payment providers a region offers, by id. */
export async function listPaymentProviders(regionId: string): Promise<string[]> {
  const { payment_providers } = await requestBackend<{ payment_providers: { id: string }[] }>(
    '/store/payment-providers',
    { query: { region_id: regionId } },
  );
  return payment_providers.map(({ id }) => id);
}
