// The frame of all pages for somebody who is signed in: navigation at the side (a drawer on small screens), the offline banner, and
// the one event stream of this tab.
import { ActionIcon, Drawer } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconMenu2, IconSearch } from '@tabler/icons-react';
import { Suspense, useEffect } from 'react';
import { Link, Outlet, useLocation, useNavigation } from 'react-router';
import { SessionGate } from '../features/session/session-gate.tsx';
import { followPlatform } from '../lib/live.ts';
import { paths } from '../lib/paths.ts';
import { CommandPalette, openCommandPalette } from './command-palette.tsx';
import { Logo } from './logo.tsx';
import { Navigation } from './navigation.tsx';
import { OfflineBanner } from './offline-banner.tsx';
import { PageSkeleton } from './page-skeleton.tsx';
import classes from './shell.module.css';

export function Shell() {
  return (
    <SessionGate>
      <SignedInShell />
    </SessionGate>
  );
}

function SignedInShell() {
  const [isOpen, drawer] = useDisclosure(false);
  const { pathname } = useLocation();
  const isNavigating = useNavigation().state !== 'idle';

  useEffect(() => {
    const controller = new AbortController();
    void followPlatform(controller.signal);
    return () => controller.abort();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever went somewhere is done with the drawer
  useEffect(() => drawer.close(), [pathname]);

  return (
    <div className={classes.shell}>
      <a href="#main" className="skip-link">
        Skip to the page
      </a>
      <aside className={classes.side}>
        <Navigation />
      </aside>
      <header className={classes.top}>
        <ActionIcon onClick={drawer.open} aria-label="Open the navigation" size="lg">
          <IconMenu2 size={20} />
        </ActionIcon>
        <Link to={paths.stores} className={classes.brand} aria-label="Souk, all stores">
          <Logo /> Souk
        </Link>
        <ActionIcon onClick={openCommandPalette} aria-label="Search and commands" size="lg">
          <IconSearch size={20} />
        </ActionIcon>
      </header>
      <Drawer
        opened={isOpen}
        onClose={drawer.close}
        size={264}
        title="Souk"
        closeButtonProps={{ 'aria-label': 'Close the navigation' }}
      >
        <Navigation isInDrawer />
      </Drawer>
      <div className={classes.content}>
        <OfflineBanner />
        <div className={classes.loading} data-active={isNavigating || undefined} aria-hidden="true" />
        <main id="main" tabIndex={-1} className={classes.main}>
          <Suspense fallback={<PageSkeleton />}>
            <Outlet />
          </Suspense>
        </main>
      </div>
      <CommandPalette />
    </div>
  );
}
