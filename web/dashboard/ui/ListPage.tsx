import { type ReactNode } from 'react';

import { Button } from './Button';
import { Hidden } from './Hidden';
import styles from './ListPage.module.css';
import { Popover } from './Popover';

interface ListPageProps {
  title: string;
  /** The number of items, if it is known. */
  count?: { totalCount: number; totalCountCapped: boolean } | null;
  /** The name of the items for screen readers, such as "artifacts". */
  items: string;
  /** The controls of the list. The first one is a search. */
  tools?: ReactNode;
  /** What restricts the list: at its side in a wide window, else behind a button. */
  facets?: ReactNode;
  busy?: boolean;
  children: ReactNode;
}

/** A page with one long list. */
export function ListPage({ title, count, items, tools, facets, busy, children }: ListPageProps) {
  return (
    <div className={`${styles.page} ${facets ? styles.withFacets : ''}`}>
      <header className={styles.header}>
        <h1>{title}</h1>
        {count && (
          <span className={styles.count} role="status">
            {count.totalCount}
            {count.totalCountCapped && '+'} <Hidden>{items}</Hidden>
          </span>
        )}
        <div className={styles.tools}>
          {tools}
          {facets && (
            <span className={styles.filters}>
              <Popover label="Filters" button={<Button icon="filter">Filters</Button>}>
                {facets}
              </Popover>
            </span>
          )}
        </div>
      </header>
      {facets && (
        <aside className={styles.facets} aria-label="Filters">
          {facets}
        </aside>
      )}
      <section className={styles.list} aria-busy={busy}>
        {children}
      </section>
    </div>
  );
}
