import { Header, MenuItem, MenuSection } from 'react-aria-components/Menu';

import { Icon } from './Icon';
import type { MenuChoice } from './Menu';
import styles from './Menu.module.css';

interface MenuChoicesProps {
  title?: string;
  choices: readonly MenuChoice[];
  /** The chosen ID, if one of the choices is in force. */
  selected?: string;
}

/** A group of choices in a menu. */
export function MenuChoices({ title, choices, selected }: MenuChoicesProps) {
  return (
    <MenuSection>
      {title && <Header className={styles.title}>{title}</Header>}
      {choices.map(({ id, icon, text, textValue, detail }) => (
        <MenuItem key={id} id={id} textValue={textValue} className={styles.item}>
          {icon && <Icon name={icon} />}
          <span className={styles.text}>{text}</span>
          {detail && <span className={styles.detail}>{detail}</span>}
          {id === selected && <Icon name="check" size={14} />}
        </MenuItem>
      ))}
    </MenuSection>
  );
}
