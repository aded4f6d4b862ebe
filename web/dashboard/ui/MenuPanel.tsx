import { Menu } from 'react-aria-components/Menu';
import { Popover } from 'react-aria-components/Popover';

import type { MenuContent } from './Menu';
import styles from './Menu.module.css';
import { MenuChoices } from './MenuChoices';
import type { Opened } from './Opener';

/** The open menu. It is a default export, because `Menu` loads it. */
export default function MenuPanel({ anchor, label, choices, selected, title, onChoose, onClose }: MenuContent & Opened) {
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
        <MenuChoices title={title} choices={choices} selected={selected} />
      </Menu>
    </Popover>
  );
}
