import { type ReactNode } from 'react';

import styles from './Chip.module.css';

export type ChipTone = 'plain' | 'accent' | 'good' | 'bad' | 'warn' | 'info';

/** A short text in a small frame, such as a tag, a status or an alias. */
export function Chip({ tone = 'plain', children, title }: { tone?: ChipTone; children: ReactNode; title?: string }) {
  return (
    <span className={`${styles.chip} ${styles[tone]}`} title={title}>
      {children}
    </span>
  );
}
