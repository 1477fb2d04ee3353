// What stands in the way, said aloud to screen readers as it appears.
import type { ReactNode } from 'react';
import styles from './problem.module.css';

export function Problem({ children }: { children: ReactNode }) {
  return (
    <div role="alert" tabIndex={-1} className={styles.problem}>
      {children}
    </div>
  );
}
