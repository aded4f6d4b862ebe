import { Link } from '@tanstack/react-router';

import { useChanges } from '../api/changes';
import { usePageQuery } from '../api/page-query';
import { useSession } from '../api/session';
import { useViewer } from '../api/viewer';
import { Button, IconButton } from '../ui/Button';
import { Icon } from '../ui/Icon';
import { Menu } from '../ui/Menu';
import { Tooltip } from '../ui/Tooltip';
import { Focusable } from 'react-aria-components/Focusable';
import { basePath } from '../api/base';
import { CommandPalette } from './CommandPalette';
import styles from './Header.module.css';
import { navigation } from './navigation';
import { useProject } from './project';
import { ProjectSwitch } from './ProjectSwitch';
import { chooseTheme, type Theme, useTheme } from './theme';

/** The bar above all pages. */
export function Header() {
  return (
    <header className={styles.header}>
      <Link to="/" className={styles.brand} search={{}} aria-label="Placard, all artifacts">
        <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true">
          <rect x="3" y="4" width="26" height="24" rx="6" className={styles.mark} />
          <path d="M9 11.5h14M9 17h10M9 22h5" stroke="white" strokeWidth="2.6" strokeLinecap="round" />
        </svg>
        <span className={styles.name}>Placard</span>
      </Link>
      <ProjectSwitch />
      <nav className={styles.navigation} aria-label="Pages">
        {navigation.map(({ to, text, icon }) => (
          <Link key={to} to={to} aria-label={text} className={styles.page} activeProps={{ className: `${styles.page} ${styles.active}` }} activeOptions={{ includeSearch: false, exact: true }}>
            <Icon name={icon} />
            <span>{text}</span>
          </Link>
        ))}
      </nav>
      <span className={styles.space} />
      <Changes />
      <CommandPalette />
      <GraphiQLLink />
      <ThemeMenu />
      <SessionMenu />
    </header>
  );
}

/** Offers to read the page again when the project has changed. Nothing moves until a person asks for it. */
function Changes() {
  const { refused } = useSession();
  const project = useProject();
  const { changed, online, accept } = useChanges(refused ? undefined : project);
  const page = usePageQuery();
  return (
    <span role="status" className={styles.changes}>
      {!online && <span className={styles.offline}>Offline</span>}
      {online && changed && (
        <Button
          icon="refresh"
          onPress={() => {
            accept();
            page?.reload();
          }}
        >
          Show changes
        </Button>
      )}
    </span>
  );
}

/** Opens GraphiQL with the query of the page. */
function GraphiQLLink() {
  const page = usePageQuery();
  const parameters = page && new URLSearchParams({ query: page.text, variables: JSON.stringify(page.variables, null, 2) });
  return (
    <Tooltip text="Open the query of this page in GraphiQL">
      <Focusable>
        <a className={styles.graphiql} href={`${basePath}graphiql/${parameters ? `#${parameters}` : ''}`}>
          GraphiQL
          <Icon name="external" size={13} />
        </a>
      </Focusable>
    </Tooltip>
  );
}

const themes = [
  { id: 'system', text: 'As the system', textValue: 'As the system', icon: 'screen' },
  { id: 'light', text: 'Light', textValue: 'Light', icon: 'sun' },
  { id: 'dark', text: 'Dark', textValue: 'Dark', icon: 'moon' },
] as const;

function ThemeMenu() {
  const theme = useTheme();
  return (
    <Menu
      button={<IconButton icon={themes.find(({ id }) => id === theme)!.icon} label="Theme" />}
      label="Theme"
      choices={themes}
      selected={theme}
      onChoose={(id) => chooseTheme(id as Theme)}
    />
  );
}

/** Shows who the caller is, on a server with API keys. */
function SessionMenu() {
  const { viewer, requiresKey } = useViewer();
  const { apiKey, signOut } = useSession();
  if (!requiresKey || !apiKey || !viewer) return null;
  const role = viewer.isOwner ? 'owner' : viewer.role?.toLowerCase();
  return (
    <Menu
      button={<IconButton icon="key" label={`API key ${viewer.name ?? ''}`} />}
      label="API key"
      title={`${viewer.name ?? 'API key'} · ${role ?? 'no role'}`}
      choices={[{ id: 'out', text: 'Forget the API key', textValue: 'Forget the API key', icon: 'close' }]}
      onChoose={signOut}
    />
  );
}
