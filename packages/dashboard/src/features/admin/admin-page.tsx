// What the platform's administrators see and decide, over all tenants.
import { lazy } from 'react';
import { useParams } from 'react-router';
import { PageHeader } from '../../components/page-header.tsx';
import { SubPages } from '../../components/sub-pages.tsx';
import { paths } from '../../lib/paths.ts';

const PAGES = [
  { name: 'tenants', title: 'Tenants', Page: lazy(async () => ({ default: (await import('./tenants.tsx')).Tenants })) },
  { name: 'people', title: 'People', Page: lazy(async () => ({ default: (await import('./people.tsx')).People })) },
  {
    name: 'stores',
    title: 'Stores',
    Page: lazy(async () => ({ default: (await import('./all-stores.tsx')).AllStores })),
  },
  { name: 'plans', title: 'Plans', Page: lazy(async () => ({ default: (await import('./plans.tsx')).Plans })) },
  {
    name: 'audit',
    title: 'Audit log',
    Page: lazy(async () => ({ default: (await import('./platform-audit.tsx')).PlatformAudit })),
  },
] as const;

export function AdminPage() {
  const { page } = useParams();
  const current = PAGES.find(({ name }) => name === page) ?? PAGES[0];
  return (
    <>
      <PageHeader title="Platform" about="All tenants together" />
      <SubPages label="Platform" pages={PAGES} current={current.name} pathOf={paths.admin}>
        <current.Page />
      </SubPages>
    </>
  );
}
