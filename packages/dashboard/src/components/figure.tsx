// One number that matters, with what it counts.
import type { ReactNode } from 'react';
import classes from './figure.module.css';

export function Figures({ children }: { readonly children: ReactNode }) {
  return <dl className={classes.figures}>{children}</dl>;
}

interface FigureProps {
  readonly label: ReactNode;
  readonly value: ReactNode;
  readonly about?: ReactNode;
}

export function Figure({ label, value, about }: FigureProps) {
  return (
    <div className={classes.figure}>
      <dt>{label}</dt>
      <dd className="tabular">{value}</dd>
      {about !== undefined && <dd className={classes.about}>{about}</dd>}
    </div>
  );
}
