// The one way to the platform: same origin, signed in by a cookie that no script can read, for the tenant that was chosen last in
// this browser. Another choice is another page load, so that nothing of the former tenant stays behind in a cache.
import { createClient, type SoukClient } from '@souk/contract';
import { paths } from './paths.ts';

const KEY = 'souk-tenant';

export const chosenTenant: string | null = localStorage.getItem(KEY);
export const client: SoukClient = createClient({ url: location.origin, token: null, tenant: chosenTenant });

export function chooseTenant(id: string | null): void {
  if (id === null) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, id);
  location.assign(paths.stores);
}
