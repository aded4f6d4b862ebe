// The command palette: finds artifacts, versions and pages, and executes commands.

import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useDeferredValue, useState } from 'react';
import { Autocomplete } from 'react-aria-components/Autocomplete';
import { Dialog } from 'react-aria-components/Dialog';
import { Header, Menu, MenuItem, MenuSection } from 'react-aria-components/Menu';
import { Modal, ModalOverlay } from 'react-aria-components/Modal';

import { graphql } from '../../api/graphql';
import { useRead } from '../../api/query';
import { SearchField } from '../../ui/Field';
import { Icon, type IconName } from '../../ui/Icon';
import { Text } from '../../values/Text';
import { navigation } from '../navigation';
import { useProject } from '../project';
import { chooseTheme, type Theme } from '../theme';
import styles from './Palette.module.css';

const Search = graphql(`
  query Search($project: String, $text: String!) {
    artifacts(project: $project, where: { name: { contains: $text, ignoreCase: true } }, first: 8) { nodes { id name } }
    artifactVersions(
      project: $project
      where: { or: [
        { version: { contains: $text, ignoreCase: true } }
        { tag: { contains: $text, ignoreCase: true } }
        { alias: { contains: $text, ignoreCase: true } }
        { type: { contains: $text, ignoreCase: true } }
      ] }
      first: 8
    ) { nodes { id version number type aliases artifact { id name } } }
  }
`);

interface Command {
  id: string;
  icon: IconName;
  text: ReactNode;
  textValue: string;
  detail?: string;
  run(): void;
}

/** Shows the palette until it is closed. */
export default function Palette({ onClose }: { onClose(): void }) {
  const [text, setText] = useState('');
  const groups = useCommands(useDeferredValue(text.trim()));
  const commands = groups.flatMap((group) => group.commands);
  return (
    <ModalOverlay isOpen isDismissable onOpenChange={(open) => !open && onClose()} className={styles.backdrop}>
      <Modal className={styles.modal}>
        <Dialog className={styles.dialog} aria-label="Search and commands">
          <Autocomplete inputValue={text} onInputChange={setText}>
            <div className={styles.field}>
              <SearchField label="Search" value={text} onChange={setText} placeholder="Find an artifact, a version or a command" autoFocus />
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

/** Returns the groups of commands that contain a text. */
function useCommands(text: string): { title: string; commands: Command[] }[] {
  const navigate = useNavigate();
  const { data } = useRead(Search, { project: useProject(), text });
  const contains = ({ textValue }: Command) => textValue.toLowerCase().includes(text.toLowerCase());
  const artifacts = (data?.artifacts?.nodes ?? []).map(
    ({ id, name }): Command => ({
      id, icon: 'box', text: <Text text={name} />, textValue: name,
      run: () => void navigate({ to: '/artifact', search: { name } }),
    }),
  );
  const versions = (data?.artifactVersions?.nodes ?? []).map(
    ({ id, version, type, artifact }): Command => ({
      id, icon: 'tag', text: <Text text={`${artifact.name} / ${version}`} />, textValue: `${artifact.name} ${version}`, detail: type ?? undefined,
      run: () => void navigate({ to: '/version', search: { name: artifact.name, version } }),
    }),
  );
  const pages = navigation.map(
    ({ to, text: title, icon }): Command => ({ id: to, icon, text: title, textValue: title, run: () => void navigate({ to }) }),
  );
  const themes = (['system', 'light', 'dark'] as const).map(
    (theme: Theme): Command => ({
      id: `theme ${theme}`, icon: theme === 'dark' ? 'moon' : theme === 'light' ? 'sun' : 'screen', text: `Theme: ${theme}`,
      textValue: `Theme: ${theme}`, run: () => chooseTheme(theme),
    }),
  );
  return [
    { title: 'Artifacts', commands: artifacts },
    { title: 'Versions', commands: text === '' ? [] : versions },
    { title: 'Pages', commands: pages.filter(contains) },
    { title: 'Commands', commands: themes.filter(contains) },
  ];
}
