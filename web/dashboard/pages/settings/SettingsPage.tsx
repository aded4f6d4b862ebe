import { getRouteApi } from '@tanstack/react-router';
import { useCallback } from 'react';

import { useViewer } from '../../api/viewer';
import { useProject } from '../../app/project';
import { Segments } from '../../ui/Segments';
import { NoPermission } from '../../ui/State';
import { useTitle } from '../../ui/title';
import { Text } from '../../values/Text';
import type { SettingsAddress, View } from './address';
import { ApiKeys } from './ApiKeys';
import { Audit } from './Audit';
import { ProjectView } from './ProjectView';
import styles from './SettingsPage.module.css';

const route = getRouteApi('/settings');

const views = [
  { id: 'project', text: 'Project' },
  { id: 'keys', text: 'API keys' },
  { id: 'audit', text: 'Audit' },
] as const;

/** The settings of the project: its description, and for admins its keys and its audit events. */
export function SettingsPage() {
  const address = route.useSearch();
  const navigate = route.useNavigate();
  const project = useProject();
  const { mayAdminister } = useViewer();
  const change = useCallback((next: Partial<SettingsAddress>) => void navigate({ search: (before) => ({ ...before, ...next }) }), [navigate]);
  useTitle('Settings');
  const { view = 'project' } = address;
  if (project === undefined) return null;
  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <h1>
          Settings <span className={styles.muted}>of</span> <Text text={project} />
        </h1>
        <Segments label="View" choices={views} value={view} onChange={(next: View) => change({ view: next })} />
      </header>
      {view === 'project' ? (
        <ProjectView project={project} mayEdit={mayAdminister} />
      ) : !mayAdminister ? (
        <section className={styles.frame}>
          <NoPermission>Only admins of the project see its {view === 'keys' ? 'API keys' : 'audit events'}.</NoPermission>
        </section>
      ) : view === 'keys' ? (
        <ApiKeys project={project} />
      ) : (
        <Audit project={project} address={address} change={change} />
      )}
    </div>
  );
}
