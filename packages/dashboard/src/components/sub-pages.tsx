// A page of several parts, each with an address of its own and a tab that leads there.
import { Skeleton, Tabs } from '@mantine/core';
import { type ReactNode, Suspense, useEffect, useRef } from 'react';
import { useNavigate } from 'react-router';
import classes from './sub-pages.module.css';

interface SubPagesProps<Name extends string> {
  readonly label: string;
  readonly pages: readonly { readonly name: Name; readonly title: string }[];
  readonly current: Name;
  readonly pathOf: (name: Name) => string;
  /** The part that is open. */
  readonly children: ReactNode;
}

export function SubPages<Name extends string>({ label, pages, current, pathOf, children }: SubPagesProps<Name>) {
  const navigate = useNavigate();
  const list = useRef<HTMLDivElement>(null);
  // On small screens the tabs scroll sideways; whoever comes by a link or turns the screen sees which one is open.
  useEffect(() => {
    const strip = list.current;
    if (strip === null) return;
    const watch = new ResizeObserver(() => {
      const tab = strip.querySelector<HTMLElement>('[aria-selected="true"]');
      if (tab !== null) strip.scrollLeft = tab.offsetLeft - (strip.clientWidth - tab.offsetWidth) / 2;
    });
    watch.observe(strip);
    return () => watch.disconnect();
  }, []);
  return (
    <Tabs value={current} onChange={(name) => void navigate(pathOf(name as Name))} keepMounted={false}>
      <Tabs.List ref={list} className={classes.tabs} aria-label={label}>
        {pages.map(({ name, title }) => (
          <Tabs.Tab key={name} value={name}>
            {title}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={current} pt="lg">
        <Suspense fallback={<Skeleton height={240} radius="lg" />}>{children}</Suspense>
      </Tabs.Panel>
    </Tabs>
  );
}
