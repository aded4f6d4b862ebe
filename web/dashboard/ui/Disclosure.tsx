import { type ReactNode } from 'react';

import styles from './Disclosure.module.css';
import { Icon } from './Icon';

/** A part that opens below its title. */
export function Disclosure({ title, open = false, children }: { title: ReactNode; open?: boolean; children: ReactNode }) {
  return (
    <details className={styles.details} open={open}>
      <summary className={styles.summary}>
        <Icon name="right" size={14} />
        {title}
      </summary>
      <div className={styles.content}>{children}</div>
    </details>
  );
}
