// A page that has one thing to say and one way on: not found, empty, broken.
import type { ReactNode } from 'react';
import styles from './message-page.module.css';

interface MessagePageProps {
  title: string;
  text: string;
  children?: ReactNode;
}

export function MessagePage({ title, text, children }: MessagePageProps) {
  return (
    <div className={styles.message}>
      <h1>{title}</h1>
      <p>{text}</p>
      {children}
    </div>
  );
}
