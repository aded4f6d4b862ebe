import { type ReactNode } from 'react';
import { Dialog } from 'react-aria-components/Dialog';
import { Modal, ModalOverlay } from 'react-aria-components/Modal';

import styles from './Overlay.module.css';

interface OverlayProps {
  /** `top` is a box in the upper half of the window, `side` is a panel at its end. */
  place: 'top' | 'side';
  /** The accessible name, if the content has no heading in the slot `title`. */
  label?: string;
  onClose(): void;
  children: ReactNode;
}

/** A modal dialog over the page. Escape and a press beside it close it. */
export function Overlay({ place, label, onClose, children }: OverlayProps) {
  return (
    <ModalOverlay isOpen isDismissable onOpenChange={(open) => !open && onClose()} className={styles.backdrop}>
      <Modal className={styles[place]}>
        <Dialog className={styles.dialog} aria-label={label}>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
