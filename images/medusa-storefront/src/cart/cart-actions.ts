'use server';
// What shoppers can do with their cart. Every action works as a plain form post too, so the shop sells without scripts.
import { refresh } from 'next/cache';
import { addItem, createCart, readCart, removeItem, setItemQuantity, updateCart } from '../backend/carts.ts';
import { findProduct } from '../backend/catalogue.ts';
import { findRegion } from '../backend/regions.ts';
import { findVariant } from '../catalogue/variants.ts';
import { parseQuantity } from './quantity.ts';
import { explainToShopper } from './refusals.ts';
import { forget, recall, remember } from './shopper-cookies.ts';

export type AddOutcome =
  | { kind: 'nothing'; at: number }
  | { kind: 'added'; title: string; variantTitle: string | null; picture: string | null; quantity: number; at: number }
  | { kind: 'refused'; message: string; at: number };

export async function addToCart(_previous: AddOutcome, form: FormData): Promise<AddOutcome> {
  const refused = (message: string): AddOutcome => ({ kind: 'refused', message, at: Date.now() });
  const quantity = parseQuantity(form.get('quantity'), 1);
  if (quantity === null) return refused('Please enter how many you would like, as a whole number.');
  try {
    const region = await findRegion(await recall('region'));
    const product = await findProduct(String(form.get('handle')), region.id);
    if (product === null) return refused('This product is no longer in the shop.');
    const variant = findVariant(product, (optionId) => form.get(`option-${optionId}`)?.toString());
    if (variant === undefined) return refused('This combination is not available. Please choose another.');
    const cartId = await recall('cart');
    const cart = (cartId === undefined ? null : await readCart(cartId)) ?? (await createCart(region.id));
    await addItem(cart.id, variant.id, quantity);
    await remember('cart', cart.id);
    refresh();
    const variantTitle = (product.variants?.length ?? 0) > 1 ? variant.title : null;
    const picture = variant.thumbnail ?? product.thumbnail;
    return { kind: 'added', title: product.title, variantTitle, picture, quantity, at: Date.now() };
  } catch (error) {
    return refused(explainToShopper(error, 'This could not be put into your cart. Please try again.'));
  }
}

export interface LineOutcome {
  message: string | null;
}

/** Sets one line to the quantity typed, moved by the step of the button pressed; nothing left removes the line. */
export async function changeLine(_previous: LineOutcome, form: FormData): Promise<LineOutcome> {
  const typed = parseQuantity(form.get('quantity'), 0);
  if (typed === null) return { message: 'Please enter a whole number.' };
  const step = Number(form.get('step') ?? 0);
  return await editLine(form, Math.max(0, typed + (step === 1 || step === -1 ? step : 0)));
}

export async function removeLine(_previous: LineOutcome, form: FormData): Promise<LineOutcome> {
  return await editLine(form, 0);
}

async function editLine(form: FormData, quantity: number): Promise<LineOutcome> {
  const cartId = await recall('cart');
  const itemId = String(form.get('item'));
  try {
    if (cartId !== undefined) {
      if (quantity === 0) await removeItem(cartId, itemId);
      else await setItemQuantity(cartId, itemId, quantity);
    }
    refresh();
    return { message: null };
  } catch (error) {
    return { message: explainToShopper(error, 'This could not be changed. Please reload the page and try again.') };
  }
}

/** Switches region, and with it currency and countries; a cart moves along, or is left behind where it cannot. */
export async function chooseRegion(form: FormData): Promise<void> {
  const region = await findRegion(String(form.get('region')));
  await remember('region', region.id);
  const cartId = await recall('cart');
  if (cartId !== undefined) {
    await updateCart(cartId, { region_id: region.id }).catch(async (error: unknown) => {
      explainToShopper(error, '');
      await forget('cart');
    });
  }
  refresh();
}
