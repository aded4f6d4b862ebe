import { type ReactNode } from 'react';

import styles from './ListFrame.module.css';

/** The frame of a list that is part of a page. It is at most as high as the window. */
export function ListFrame({ busy, children }: { busy?: boolean; children: ReactNode }) {
  return (
    <section className={styles.list} aria-busy={busy}>
      {children}
    </section>
  );
}
