import { ArtifactLink, RunLink, VersionLink } from '../../app/links';
import type { Column } from '../../ui/DataTable';
import { CreatedBy } from '../../values/CreatedBy';
import { EventDescription, EventIcon } from '../../values/EventList';
import { RunStatus } from '../../values/RunStatus';
import { Text } from '../../values/Text';
import { Time } from '../../values/Time';
import type { Event } from './ActivityPage';
import styles from './columns.module.css';

/** The columns in a wide window. */
export const columns: Column<Event>[] = [
  { id: 'event', text: 'Event', width: 420, cell: (event) => <What event={event} /> },
  { id: 'object', text: 'Object', width: 250, cell: (event) => <Object event={event} /> },
  { id: 'by', text: 'By', width: 120, cell: ({ createdBy }) => createdBy && <Text text={createdBy} /> },
  { id: 'time', text: 'Time', width: 130, cell: ({ createdAt }) => <Time instant={createdAt} /> },
];

/** The one column of a phone. */
export const narrowColumns: Column<Event>[] = [
  {
    id: 'event',
    text: 'Event',
    width: 300,
    cell: (event) => (
      <div className={styles.narrow}>
        <What event={event} />
        <span className={styles.below}>
          <Object event={event} />{' '}
          <span className={styles.muted}>
            <CreatedBy instant={event.createdAt} by={event.createdBy} />
          </span>
        </span>
      </div>
    ),
  },
];

function What({ event }: { event: Event }) {
  return (
    <div className={styles.what}>
      <EventIcon kind={event.kind} />
      <span className={styles.text}>
        <span className={styles.line}>
          <EventDescription event={event} />
          {event.status && (
            <span className={styles.status}>
              <RunStatus status={event.status} />
            </span>
          )}
        </span>
        {event.reason && (
          <span className={`${styles.line} ${styles.muted}`}>
            <Text text={event.reason} />
          </span>
        )}
      </span>
    </div>
  );
}

/** The version, the artifact or the run of an event. The name of a deleted object is no link. */
function Object({ event: { artifact, artifactName, artifactVersion, version, pipelineRun, pipeline } }: { event: Event }) {
  if (artifactName !== null && artifactName !== undefined) {
    if (version === null || version === undefined) return artifact ? <ArtifactLink name={artifactName} className={styles.object} /> : <Text text={artifactName} />;
    if (artifactVersion) return <VersionLink name={artifactName} version={version} full className={styles.object} />;
    return <Text text={`${artifactName} / ${version}`} />;
  }
  if (pipeline === null || pipeline === undefined) return null;
  if (!pipelineRun) return <Text text={pipeline} />;
  return (
    <RunLink id={pipelineRun.id} className={styles.object}>
      <Text text={pipeline} />
    </RunLink>
  );
}
