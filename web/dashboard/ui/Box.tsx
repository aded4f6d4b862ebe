import { type ReactNode } from 'react';

import styles from './Box.module.css';

interface BoxProps {
  title: ReactNode;
  /** A number or a control at the end of the heading. */
  aside?: ReactNode;
  children: ReactNode;
  /** Leaves out the space around the content, such as that of a table. */
  flush?: boolean;
}

/** A part of a page in a frame with a heading. */
export function Box({ title, aside, children, flush = false }: BoxProps) {
  return (
    <section className={styles.box}>
      <header className={styles.header}>
        <h2>{title}</h2>
        {aside && <span className={styles.aside}>{aside}</span>}
      </header>
      <div className={flush ? undefined : styles.content}>{children}</div>
    </section>
  );
}
