import { lazy, type ReactNode } from 'react';

import type { IconName } from './Icon';
import { Opener, type OpenerButton } from './Opener';

const MenuPanel = lazy(() => import('./MenuPanel'));

export interface MenuChoice {
  id: string;
  text: ReactNode;
  /** The text that typing finds. */
  textValue: string;
  icon?: IconName;
  detail?: ReactNode;
}

export interface MenuContent {
  label: string;
  choices: readonly MenuChoice[];
  /** The chosen ID, if one of the choices is in force. */
  selected?: string;
  title?: string;
  onChoose(id: string): void;
}

/** A menu below a button. Its code is loaded when it is opened. */
export function Menu({ button, ...content }: MenuContent & { button: OpenerButton }) {
  return (
    <Opener button={button} popup="menu">
      {(opened) => <MenuPanel {...content} {...opened} />}
    </Opener>
  );
}
