// The command palette: finds artifacts, versions and pages, and executes commands.

import { useState } from 'react';
import { Autocomplete } from 'react-aria-components/Autocomplete';
import { Dialog } from 'react-aria-components/Dialog';
import { Header, Menu, MenuItem, MenuSection } from 'react-aria-components/Menu';
import { Modal, ModalOverlay } from 'react-aria-components/Modal';

import { SearchField } from '../../ui/Field';
import { Icon } from '../../ui/Icon';
import { useCommands } from './commands';
import styles from './Palette.module.css';

/** Shows the palette until it is closed. */
export default function Palette({ onClose }: { onClose(): void }) {
  const [text, setText] = useState('');
  const groups = useCommands(text.trim());
  const commands = groups.flatMap((group) => group.commands);
  return (
    <ModalOverlay isOpen isDismissable onOpenChange={(open) => !open && onClose()} className={styles.backdrop}>
      <Modal className={styles.modal}>
        <Dialog className={styles.dialog} aria-label="Search and commands">
          <Autocomplete inputValue={text} onInputChange={setText}>
            <div className={styles.field}>
              <SearchField
                label="Search"
                value={text}
                onChange={setText}
                placeholder="Find an artifact, a version or a command"
                autoFocus
              />
            </div>
            <Menu
              aria-label="Results"
              className={styles.results}
              renderEmptyState={() => <p className={styles.empty}>Nothing is found.</p>}
              onAction={(id) => {
                onClose();
                commands.find((command) => command.id === id)?.run();
              }}
            >
              {groups
                .filter((group) => group.commands.length > 0)
                .map((group) => (
                  <MenuSection key={group.title}>
                    <Header className={styles.title}>{group.title}</Header>
                    {group.commands.map(({ id, icon, text: label, textValue, detail }) => (
                      <MenuItem key={id} id={id} textValue={textValue} className={styles.item}>
                        <Icon name={icon} />
                        <span className={styles.text}>{label}</span>
                        {detail && <span className={styles.detail}>{detail}</span>}
                      </MenuItem>
                    ))}
                  </MenuSection>
                ))}
            </Menu>
          </Autocomplete>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
