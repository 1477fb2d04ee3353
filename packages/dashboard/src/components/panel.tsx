// A framed part of a page, with a heading and what can be done with it.
import { Title } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './panel.module.css';

interface PanelProps {
  readonly title?: string;
  readonly about?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  /** Without padding, for lists and tables that reach the frame. */
  readonly isFlush?: boolean;
  readonly tone?: 'bad';
}

export function Panel({ title, about, actions, children, isFlush = false, tone }: PanelProps) {
  return (
    <section className={classes.panel} data-tone={tone} {...(title !== undefined && { 'aria-label': title })}>
      {title !== undefined && (
        <div className={classes.head}>
          <div>
            <Title order={2}>{title}</Title>
            {about !== undefined && <p className={classes.about}>{about}</p>}
          </div>
          {actions !== undefined && <div className={classes.actions}>{actions}</div>}
        </div>
      )}
      <div className={isFlush ? classes.flush : classes.body}>{children}</div>
    </section>
  );
}
