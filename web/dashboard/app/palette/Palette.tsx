// The command palette: finds artifacts, versions, runs and pages, and executes commands.

import { useState } from 'react';
import { Autocomplete } from 'react-aria-components/Autocomplete';
import { Menu } from 'react-aria-components/Menu';

import { SearchField } from '../../ui/Field';
import { MenuChoices } from '../../ui/MenuChoices';
import { Overlay } from '../../ui/Overlay';
import { useCommands } from './commands';
import styles from './Palette.module.css';

/** Shows the palette until it is closed. */
export default function Palette({ onClose }: { onClose(): void }) {
  const [text, setText] = useState('');
  const groups = useCommands(text.trim());
  return (
    <Overlay place="top" label="Search and commands" onClose={onClose}>
      <Autocomplete inputValue={text} onInputChange={setText}>
        <div className={styles.field}>
          <SearchField
            label="Search"
            value={text}
            onChange={setText}
            placeholder="Find an artifact, a version, a run, an ID or a command"
            autoFocus
          />
        </div>
        <Menu
          aria-label="Results"
          className={styles.results}
          renderEmptyState={() => <p className={styles.empty}>Nothing is found.</p>}
          onAction={(id) => {
            onClose();
            groups.flatMap(({ commands }) => commands).find((command) => command.id === id)?.run();
          }}
        >
          {groups
            .filter(({ commands }) => commands.length > 0)
            .map(({ title, commands }) => (
              <MenuChoices key={title} title={title} choices={commands} />
            ))}
        </Menu>
      </Autocomplete>
    </Overlay>
  );
}
