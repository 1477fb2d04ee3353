// A page of several parts, each with an address of its own and a tab that leads there.
import { Skeleton, Tabs } from '@mantine/core';
import { type ComponentType, Suspense } from 'react';
import { useNavigate } from 'react-router';

export interface SubPage {
  readonly name: string;
  readonly title: string;
  readonly Page: ComponentType;
}

interface SubPagesProps {
  readonly label: string;
  readonly pages: readonly SubPage[];
  readonly current: SubPage;
  readonly pathOf: (name: string) => string;
}

export function SubPages({ label, pages, current, pathOf }: SubPagesProps) {
  const navigate = useNavigate();
  return (
    <Tabs value={current.name} onChange={(name) => void navigate(pathOf(name ?? ''))} keepMounted={false}>
      <Tabs.List aria-label={label} style={{ flexWrap: 'nowrap', overflow: 'auto hidden', scrollbarWidth: 'none' }}>
        {pages.map(({ name, title }) => (
          <Tabs.Tab key={name} value={name}>
            {title}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={current.name} pt="lg">
        <Suspense fallback={<Skeleton height={240} radius="lg" />}>
          <current.Page />
        </Suspense>
      </Tabs.Panel>
    </Tabs>
  );
}
