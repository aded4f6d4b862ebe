import { type ReactNode } from 'react';
import { Heading } from 'react-aria-components/Dialog';

import { IconButton } from './Button';
import styles from './Dialog.module.css';
import { Overlay } from './Overlay';

interface DialogProps {
  title: ReactNode;
  /** Where it is shown, see `Overlay`. */
  place?: 'top' | 'side';
  onClose(): void;
  children: ReactNode;
}

/** A dialog over the page with a title, until it is closed. */
export function Dialog({ title, place = 'top', onClose, children }: DialogProps) {
  return (
    <Overlay place={place} onClose={onClose}>
      <div className={styles[place]}>
        <header className={styles.header}>
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          <IconButton icon="close" label="Close" onPress={onClose} />
        </header>
        {children}
      </div>
    </Overlay>
  );
}
