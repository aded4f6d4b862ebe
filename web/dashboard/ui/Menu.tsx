import { type ReactElement, type ReactNode } from 'react';
import { Header, Menu as AriaMenu, MenuItem as AriaMenuItem, MenuSection, MenuTrigger } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';

import { Icon, type IconName } from './Icon';
import styles from './Menu.module.css';

export interface MenuChoice {
  id: string;
  text: ReactNode;
  /** The text that typing finds. */
  textValue: string;
  icon?: IconName;
  detail?: ReactNode;
}

interface MenuProps {
  /** The button that opens the menu. */
  button: ReactElement;
  label: string;
  choices: readonly MenuChoice[];
  /** The chosen ID, if one of the choices is in force. */
  selected?: string;
  title?: string;
  onChoose(id: string): void;
}

/** A menu below a button. */
export function Menu({ button, label, choices, selected, title, onChoose }: MenuProps) {
  return (
    <MenuTrigger>
      {button}
      <Popover className={styles.popover} offset={6}>
        <AriaMenu
          aria-label={label}
          className={styles.menu}
          selectionMode={selected === undefined ? 'none' : 'single'}
          selectedKeys={selected === undefined ? undefined : [selected]}
          onAction={(id) => onChoose(String(id))}
        >
          <MenuSection>
            {title && <Header className={styles.title}>{title}</Header>}
            {choices.map((choice) => (
              <AriaMenuItem key={choice.id} id={choice.id} textValue={choice.textValue} className={styles.item}>
                {choice.icon && <Icon name={choice.icon} />}
                <span className={styles.text}>{choice.text}</span>
                {choice.detail && <span className={styles.detail}>{choice.detail}</span>}
                {choice.id === selected && <Icon name="check" size={14} />}
              </AriaMenuItem>
            ))}
          </MenuSection>
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
