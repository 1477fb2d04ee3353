// A page of several parts, each with an address of its own and a tab that leads there.
import { Skeleton, Tabs } from '@mantine/core';
import { type ComponentType, Suspense, useEffect, useRef } from 'react';
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
  const list = useRef<HTMLDivElement>(null);
  // On small screens the tabs scroll sideways; whoever comes by a link sees which one is open.
  useEffect(() => {
    const tab = list.current?.querySelector(`[data-page="${current.name}"]`);
    tab?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [current.name]);
  return (
    <Tabs value={current.name} onChange={(name) => void navigate(pathOf(name ?? ''))} keepMounted={false}>
      <Tabs.List
        ref={list}
        aria-label={label}
        style={{ flexWrap: 'nowrap', overflow: 'auto hidden', scrollbarWidth: 'none' }}
      >
        {pages.map(({ name, title }) => (
          <Tabs.Tab key={name} value={name} data-page={name}>
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
