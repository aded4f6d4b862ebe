import { Header, Menu, MenuItem, MenuSection } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';

import { Icon } from './Icon';
import type { MenuContent } from './Menu';
import styles from './Menu.module.css';
import type { Opened } from './Opener';

/** The open menu. It is a default export, because `Menu` loads it. */
export default function MenuPanel({
  anchor,
  label,
  choices,
  selected,
  title,
  onChoose,
  onClose,
}: MenuContent & Opened) {
  return (
    <Popover
      isOpen
      onOpenChange={(open) => !open && onClose()}
      triggerRef={anchor}
      placement="bottom start"
      offset={6}
      className={styles.popover}
    >
      <Menu
        aria-label={label}
        autoFocus="first"
        className={styles.menu}
        selectionMode={selected === undefined ? 'none' : 'single'}
        selectedKeys={selected === undefined ? undefined : [selected]}
        onAction={(id) => {
          onClose();
          onChoose(String(id));
        }}
      >
        <MenuSection>
          {title && <Header className={styles.title}>{title}</Header>}
          {choices.map((choice) => (
            <MenuItem key={choice.id} id={choice.id} textValue={choice.textValue} className={styles.item}>
              {choice.icon && <Icon name={choice.icon} />}
              <span className={styles.text}>{choice.text}</span>
              {choice.detail && <span className={styles.detail}>{choice.detail}</span>}
              {choice.id === selected && <Icon name="check" size={14} />}
            </MenuItem>
          ))}
        </MenuSection>
      </Menu>
    </Popover>
  );
}
