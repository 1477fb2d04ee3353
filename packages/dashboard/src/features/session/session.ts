// Who is signed in, and what they may do here. Hiding what one may not do is a courtesy; the platform refuses it anyway.
import { hasRole, type Role, type SessionState } from '@souk/contract';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { chosenTenant, client } from '../../lib/client.ts';

export const sessionQuery = queryOptions({
  queryKey: ['session'] as const,
  queryFn: ({ signal }) => client.getSession({ signal }),
});

export function useSession(): SessionState | undefined {
  return useQuery(sessionQuery).data;
}

export function tenantOf(session: SessionState): SessionState['tenants'][number] | undefined {
  return session.tenants.find(({ id }) => id === chosenTenant) ?? session.tenants[0];
}

/** False while nobody knows. */
export function useMay(role: Role): boolean {
  const session = useSession();
  if (session === undefined) return false;
  if (session.via === 'token') return role === 'viewer' || (session.scopes?.includes('stores:write') ?? false);
  const tenant = tenantOf(session);
  return tenant !== undefined && hasRole(tenant.role, role);
}
