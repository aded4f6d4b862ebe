import { lazy, type ReactNode } from 'react';

import { Opener, type OpenerButton } from './Opener';

const PopoverPanel = lazy(() => import('./PopoverPanel'));

interface PopoverProps {
  button: OpenerButton;
  /** The name of the panel for screen readers. */
  label: string;
  children: ReactNode;
}

/** A panel below a button. Its code is loaded when it is opened. */
export function Popover({ button, label, children }: PopoverProps) {
  return (
    <Opener button={button} popup="dialog">
      {(opened) => (
        <PopoverPanel label={label} {...opened}>
          {children}
        </PopoverPanel>
      )}
    </Opener>
  );
}
