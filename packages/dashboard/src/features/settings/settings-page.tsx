// What concerns oneself and one's tenant.
import { lazy } from 'react';
import { useParams } from 'react-router';
import { PageHeader } from '../../components/page-header.tsx';
import { SubPages } from '../../components/sub-pages.tsx';
import { paths } from '../../lib/paths.ts';
import { useSession } from '../session/session.ts';

const PAGES = [
  { name: 'profile', title: 'Profile', Page: lazy(async () => ({ default: (await import('./profile.tsx')).Profile })) },
  {
    name: 'sessions',
    title: 'Sessions',
    Page: lazy(async () => ({ default: (await import('./sessions.tsx')).Sessions })),
  },
  { name: 'tokens', title: 'Tokens', Page: lazy(async () => ({ default: (await import('./tokens.tsx')).Tokens })) },
  { name: 'members', title: 'Members', Page: lazy(async () => ({ default: (await import('./members.tsx')).Members })) },
  {
    name: 'tenant',
    title: 'Tenant',
    Page: lazy(async () => ({ default: (await import('./tenant.tsx')).TenantSettings })),
  },
  {
    name: 'audit',
    title: 'Audit log',
    Page: lazy(async () => ({ default: (await import('./audit-log.tsx')).TenantAuditLog })),
  },
] as const;
// A token is nobody: it has neither a name nor sessions.
const OF_PERSONS: ReadonlySet<string> = new Set(['profile', 'sessions']);

export function SettingsPage() {
  const { page } = useParams();
  const isPerson = useSession()?.person != null;
  const shown = PAGES.filter(({ name }) => isPerson || !OF_PERSONS.has(name));
  const current = shown.find(({ name }) => name === page) ?? shown[0] ?? PAGES[0];
  return (
    <>
      <PageHeader title="Settings" />
      <SubPages label="Settings" pages={shown} current={current.name} pathOf={paths.setting}>
        <current.Page />
      </SubPages>
    </>
  );
}
