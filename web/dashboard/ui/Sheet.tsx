import { type ReactNode } from 'react';
import { Dialog as AriaDialog, Heading } from 'react-aria-components/Dialog';
import { Modal, ModalOverlay } from 'react-aria-components/Modal';

import { IconButton } from './Button';
import styles from './Sheet.module.css';

interface SheetProps {
  title: ReactNode;
  onClose(): void;
  children: ReactNode;
}

/** A panel at the side of the page, until it is closed. */
export function Sheet({ title, onClose, children }: SheetProps) {
  return (
    <ModalOverlay isOpen onOpenChange={(open) => !open && onClose()} isDismissable className={styles.backdrop}>
      <Modal className={styles.modal}>
        <AriaDialog className={styles.dialog}>
          <header className={styles.header}>
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            <IconButton icon="close" label="Close" onPress={onClose} />
          </header>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
