import { RunLink } from '../../app/links';
import type { Column } from '../../ui/DataTable';
import { RunStatus, StatusMark } from '../../values/RunStatus';
import { Text } from '../../values/Text';
import { Duration, Time } from '../../values/Time';
import styles from './columns.module.css';
import type { Row } from './RunsPage';

/** The columns of the list. */
export const columns: Column<Row>[] = [
  {
    id: 'pipeline',
    text: 'Pipeline',
    width: 230,
    sortable: true,
    cell: ({ id, pipeline }) => (
      <RunLink id={id} className={styles.link}>
        <Text text={pipeline} />
      </RunLink>
    ),
  },
  { id: 'status', text: 'Status', width: 120, cell: ({ status }) => <RunStatus status={status} /> },
  { id: 'steps', text: 'Steps', width: 170, cell: (row) => <Steps row={row} /> },
  { id: 'started', text: 'Started', width: 130, sortable: true, cell: ({ startedAt }) => <Time instant={startedAt} /> },
  { id: 'duration', text: 'Duration', width: 110, cell: ({ startedAt, finishedAt }) => <Duration from={startedAt} to={finishedAt} /> },
  { id: 'logged', text: 'Last fact', width: 130, sortable: true, cell: ({ lastLoggedAt }) => lastLoggedAt && <Time instant={lastLoggedAt} /> },
  { id: 'by', text: 'By', width: 110, cell: ({ createdBy }) => createdBy && <Text text={createdBy} /> },
];

/** A mark per step, with the colour of its status. */
function Steps({ row: { stepRuns } }: { row: Row }) {
  if (!stepRuns) return null;
  const more = stepRuns.totalCount - stepRuns.nodes.length;
  return (
    <span className={styles.steps}>
      {stepRuns.nodes.map(({ id, name, status }) => (
        <StatusMark key={id} status={status} label={`${name}: ${status.toLowerCase()}`} />
      ))}
      {more > 0 && <span className={styles.more}>+{more}</span>}
    </span>
  );
}
