// What the shop remembers of a shopper, in cookies that scripts cannot read: the cart, the region chosen, the last order.
import { cookies, headers } from 'next/headers';

const DAYS_30_S = 30 * 24 * 60 * 60;
const NAMES = { cart: 'cart', region: 'region', order: 'placed_order' } as const;
type Remembered = keyof typeof NAMES;

export async function recall(what: Remembered): Promise<string | undefined> {
  const value = (await cookies()).get(NAMES[what])?.value;
  // Medusa's ids are letters, digits and underscores; anything else was not written by this shop.
  return value !== undefined && /^\w{1,64}$/.test(value) ? value : undefined;
}

/** Only within a server action: a page that is being rendered cannot set cookies. */
export async function remember(what: Remembered, value: string): Promise<void> {
  const isHttps = (await headers()).get('x-forwarded-proto')?.split(',')[0]?.trim() === 'https';
  (await cookies()).set(NAMES[what], value, {
    httpOnly: true,
    sameSite: 'lax',
    secure: isHttps,
    path: '/',
    maxAge: DAYS_30_S,
  });
}

export async function forget(what: Remembered): Promise<void> {
  (await cookies()).delete(NAMES[what]);
}
