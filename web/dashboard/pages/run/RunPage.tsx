import { getRouteApi, Link } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';

import type { RunQuery } from '../../api/gen/graphql';
import { usePageRead, useReadOnce } from '../../api/query';
import { useRows } from '../../api/rows';
import { Box } from '../../ui/Box';
import { Button } from '../../ui/Button';
import { CopyButton } from '../../ui/Code';
import { PageHeading } from '../../ui/PageHeading';
import { Empty, Failed, Loading } from '../../ui/State';
import { useTitle } from '../../ui/title';
import { CreatedBy } from '../../values/CreatedBy';
import { parseValue } from '../../values/extended';
import { FactList } from '../../values/FactList';
import { RunStatus } from '../../values/RunStatus';
import { Text } from '../../values/Text';
import { Duration } from '../../values/Time';
import { MoreSteps, Run } from './documents';
import styles from './RunPage.module.css';
import { Step } from './Step';

const route = getRouteApi('/run');

export type Run = NonNullable<RunQuery['pipelineRun']>;

/** One pipeline run: its steps with their inputs and outputs, and its facts. */
export function RunPage() {
  const { id = '' } = route.useSearch();
  const { data, failure, loading, reload } = usePageRead(Run, { id }, { pause: id === '' });
  const run = data?.pipelineRun;
  useTitle(run ? `Run of ${run.pipeline}` : 'Run');
  if (run) return <Shown run={run} />;
  // An ID that is malformed is as unknown as one without an object.
  if (failure && failure.code !== 'BAD_INPUT') return <Failed failure={failure} onRetry={reload} page />;
  if (loading) return <Loading label="Loading the run" lines={9} />;
  return (
    <Empty icon="search" title="There is no such run" page>
      <Link to="/runs" className={styles.link}>
        All runs
      </Link>
    </Empty>
  );
}

function Shown({ run }: { run: Run }) {
  const { pipeline, status, startedAt, finishedAt, createdBy } = run;
  const facts = useMemo(() => parseValue(run.metadataExtendedJson), [run.metadataExtendedJson]);
  return (
    <div className={styles.page}>
      <PageHeading
        title={<Text text={pipeline} />}
        chips={<RunStatus status={status} />}
        actions={
          <span className={styles.id}>
            <code>{run.id}</code>
            <CopyButton text={run.id} label="Copy the ID" />
          </span>
        }
        facts={
          <>
            <CreatedBy action="Started" instant={startedAt} by={createdBy} />
            <span>
              <Duration from={startedAt} to={finishedAt} />
            </span>
          </>
        }
      />
      <div className={styles.columns}>
        <Steps run={run} />
        <aside className={styles.side} aria-label="Facts of the run">
          <Box title="Facts of the run" flush>
            <FactList facts={facts} />
          </Box>
        </aside>
      </div>
    </div>
  );
}

function Steps({ run }: { run: Run }) {
  const readOnce = useReadOnce();
  const more = useCallback(async (after: string) => (await readOnce(MoreSteps, { id: run.id, after })).pipelineRun?.stepRuns, [readOnce, run.id]);
  const { rows, hasMore, loadMore, failure } = useRows(run.stepRuns, more);
  const ends = [run.finishedAt, ...rows.map(({ finishedAt }) => finishedAt)].map((instant) => (instant ? Date.parse(instant) : Date.now()));
  const span = { from: Date.parse(run.startedAt), to: Math.max(...ends) };
  return (
    <Box title="Steps" aside={run.stepRuns?.totalCount} flush>
      {rows.length === 0 ? (
        <p className={styles.none}>The run has not started a step.</p>
      ) : (
        <ol>
          {rows.map((step) => (
            <Step key={step.id} step={step} span={span} />
          ))}
        </ol>
      )}
      {hasMore && (
        <p className={styles.more}>
          <Button onPress={loadMore}>Show more steps</Button>
        </p>
      )}
      {failure && <Failed failure={failure} />}
    </Box>
  );
}
