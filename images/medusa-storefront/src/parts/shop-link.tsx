'use client';
// The shop's links. Nothing is fetched ahead, because every page is made afresh for its reader; a thin bar at the top
// shows that a slow page is on its way.
import Link, { useLinkStatus } from 'next/link';
import type { ComponentProps } from 'react';
import styles from './shop-link.module.css';

type ShopLinkProps = Omit<ComponentProps<typeof Link>, 'prefetch'>;

export function ShopLink({ children, ...rest }: ShopLinkProps) {
  return (
    <Link prefetch={false} {...rest}>
      {children}
      <PendingBar />
    </Link>
  );
}

function PendingBar() {
  const { pending } = useLinkStatus();
  return pending ? <span className={styles.bar} aria-hidden="true" /> : null;
}
