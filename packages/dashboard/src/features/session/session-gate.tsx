// Lets in whoever is signed in, and sends everybody else to the sign-in page, to come back afterwards.
import { Button } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect } from 'react';
import { Navigate, useLocation } from 'react-router';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { chooseTenant, chosenTenant } from '../../lib/client.ts';
import { paths } from '../../lib/paths.ts';
import { sessionQuery } from './session.ts';
import { signOut } from './sign-out.ts';

export function SessionGate({ children }: { readonly children: ReactNode }) {
  const { data: session, error, refetch } = useQuery(sessionQuery);
  const { pathname, search } = useLocation();
  const tenants = session?.tenants ?? [];
  const isLost = chosenTenant !== null && session?.via != null && !tenants.some(({ id }) => id === chosenTenant);
  const mustChoose = chosenTenant === null && tenants.length > 1;
  useEffect(() => {
    if (isLost) chooseTenant(null);
    else if (mustChoose) chooseTenant(tenants[0]?.id ?? null);
  }, [isLost, mustChoose, tenants]);

  if (session === undefined) return error === null ? null : <ErrorState error={error} onRetry={() => void refetch()} />;
  if (session.via === null) {
    return <Navigate to={`${paths.signIn}?${new URLSearchParams({ returnTo: pathname + search })}`} replace />;
  }
  if (isLost || mustChoose) return null;
  if (session.via === 'session' && tenants.length === 0 && session.person?.isPlatformAdmin !== true)
    return <NoTenant />;
  return children;
}

function NoTenant() {
  return (
    <main>
      <EmptyState
        icon={<IconUsers size={22} />}
        title="You are in no tenant"
        action={
          <Button variant="default" onClick={() => void signOut()}>
            Sign out
          </Button>
        }
      >
        Ask a member of one to invite you.
      </EmptyState>
    </main>
  );
}
