import { type ReactNode } from 'react';

import styles from './PageHeading.module.css';

interface PageHeadingProps {
  title: ReactNode;
  /** The chips after the title. */
  chips?: ReactNode;
  /** What a person can do with the object. */
  actions?: ReactNode;
  /** Short texts about the object, such as its time of creation. */
  facts: ReactNode;
  /** What is below, such as the description. */
  children?: ReactNode;
}

/** The heading of the page of one object. */
export function PageHeading({ title, chips, actions, facts, children }: PageHeadingProps) {
  return (
    <header className={styles.header}>
      <div className={styles.top}>
        <h1 className={styles.title}>{title}</h1>
        {chips}
        {actions && <span className={styles.actions}>{actions}</span>}
      </div>
      <p className={styles.facts}>{facts}</p>
      {children}
    </header>
  );
}
