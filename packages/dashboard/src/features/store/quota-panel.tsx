// What the store uses of what its plan gives it.
import type { Store } from '@souk/contract';
export function QuotaPanel(_: { readonly store: Store }) {
  return null;
}
