import { cloneElement, type ReactElement, type ReactNode, type RefObject, Suspense, useRef, useState } from 'react';

import styles from './Opener.module.css';

/** A `Button` or `IconButton` that opens something. */
export type OpenerButton = ReactElement<{ onPress?(): void; 'aria-haspopup'?: 'menu' | 'dialog'; 'aria-expanded'?: boolean }>;

export interface Opened {
  /** The element next to which the content is shown. */
  anchor: RefObject<HTMLElement | null>;
  onClose(): void;
}

interface OpenerProps {
  button: OpenerButton;
  popup: 'menu' | 'dialog';
  /** Returns the content, which may be a component that is loaded when it is opened. */
  children(opened: Opened): ReactNode;
}

/** A button and the content that it opens. */
export function Opener({ button, popup, children }: OpenerProps) {
  const anchor = useRef<HTMLSpanElement>(null);
  const [open, setOpen] = useState(false);
  return (
    <span ref={anchor} className={styles.anchor}>
      {cloneElement(button, { onPress: () => setOpen(!open), 'aria-haspopup': popup, 'aria-expanded': open })}
      {open && <Suspense>{children({ anchor, onClose: () => setOpen(false) })}</Suspense>}
    </span>
  );
}
