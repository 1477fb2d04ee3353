// The frame of pages for people who are not signed in.
import type { ReactNode } from 'react';
import { Logo } from '../../app/logo.tsx';
import classes from './outside-frame.module.css';

export function OutsideFrame({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <Logo size={36} />
        <h1 className={classes.title}>{title}</h1>
        {children}
      </div>
    </main>
  );
}
