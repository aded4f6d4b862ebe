import { type ReactNode } from 'react';
import { Dialog } from 'react-aria-components/Dialog';
import { Popover } from 'react-aria-components/Popover';

import type { Opened } from './Opener';
import styles from './Popover.module.css';

/** The open panel. It is a default export, because `Popover` loads it. */
export default function PopoverPanel({
  anchor,
  onClose,
  label,
  children,
}: Opened & { label: string; children: ReactNode }) {
  return (
    <Popover
      isOpen
      onOpenChange={(open) => !open && onClose()}
      triggerRef={anchor}
      placement="bottom end"
      offset={6}
      className={styles.popover}
    >
      <Dialog className={styles.dialog} aria-label={label}>
        {children}
      </Dialog>
    </Popover>
  );
}
