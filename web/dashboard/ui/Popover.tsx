import { type ReactElement, type ReactNode } from 'react';
import { Dialog as AriaDialog, DialogTrigger } from 'react-aria-components/Dialog';
import { Popover as AriaPopover } from 'react-aria-components/Popover';

import styles from './Popover.module.css';

/** A panel below a button. */
export function Popover({ button, label, children }: { button: ReactElement; label: string; children: ReactNode }) {
  return (
    <DialogTrigger>
      {button}
      <AriaPopover className={styles.popover} offset={6}>
        <AriaDialog className={styles.dialog} aria-label={label}>
          {children}
        </AriaDialog>
      </AriaPopover>
    </DialogTrigger>
  );
}
