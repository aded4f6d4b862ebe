import { getRouteApi } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';

import type { RunsQuery, RunStatus as Status } from '../../api/gen/graphql';
import { usePageRead, useReadOnce } from '../../api/query';
import { useRows } from '../../api/rows';
import { NoProject } from '../../app/NoProject';
import { useProject } from '../../app/project';
import { Button } from '../../ui/Button';
import { DataTable } from '../../ui/DataTable';
import { SearchField } from '../../ui/Field';
import { ListPage } from '../../ui/ListPage';
import { Empty, Failed, Loading } from '../../ui/State';
import { useTitle } from '../../ui/title';
import { Facet } from '../../values/Facet';
import { defaultSort, filterOf, orderOf, type RunsAddress, statuses } from './address';
import { columns } from './columns';
import { MoreRuns, Runs } from './documents';

const route = getRouteApi('/runs');

export type Row = NonNullable<RunsQuery['pipelineRuns']>['nodes'][number];

/** The list of pipeline runs. */
export function RunsPage() {
  const address = route.useSearch();
  const navigate = route.useNavigate();
  const change = useCallback(
    (next: Partial<RunsAddress>, replace = false) => void navigate({ search: (before) => ({ ...before, ...next }), replace }),
    [navigate],
  );
  useTitle('Runs');
  const list = useRuns(address);
  const runs = list.data?.pipelineRuns;
  const filtered = Boolean(address.search || address.pipelines || address.status);
  if (!list.data && list.failure) return <Failed failure={list.failure} onRetry={list.reload} page />;
  if (list.data && !list.data.project && !list.failure) return <NoProject />;
  return (
    <ListPage
      title="Runs"
      items="runs"
      count={runs}
      busy={list.loading}
      tools={<SearchField label="Search pipelines" placeholder="Search by pipeline" value={address.search ?? ''} onChange={(search) => change({ search }, true)} />}
      facets={
        <>
          <Facet
            title="Pipeline"
            items={(list.data?.pipelineUsage?.nodes ?? []).map(({ pipeline, runCount }) => ({ name: pipeline, count: runCount }))}
            chosen={address.pipelines}
            onChange={(pipelines) => change({ pipelines })}
          />
          <Facet
            title="Status"
            items={statuses.map((name) => ({ name }))}
            chosen={address.status}
            textOf={(status) => status.toLowerCase()}
            onChange={(status) => change({ status: status as Status[] | undefined })}
          />
        </>
      }
    >
      {!runs ? (
        list.failure ? <Failed failure={list.failure} onRetry={list.reload} /> : <Loading label="Loading runs" lines={9} />
      ) : list.rows.length > 0 ? (
        <DataTable
          label="Runs"
          columns={columns}
          rows={list.rows}
          idOf={(row: Row) => row.id}
          sort={address.sort ? { id: address.sort, direction: address.order ?? 'desc' } : defaultSort}
          onSort={({ id, direction }) => change({ sort: id, order: direction })}
          totalCount={runs.totalCount}
          hasMore={list.hasMore}
          onMore={list.loadMore}
        />
      ) : filtered ? (
        <Empty icon="search" title="No run matches">
          <Button onPress={() => change({ search: undefined, pipelines: undefined, status: undefined })}>Clear the filters</Button>
        </Empty>
      ) : (
        <Empty icon="run" title="No runs yet">
          A pipeline reports its runs by <code>startPipelineRun</code> and <code>startStepRun</code>.
        </Empty>
      )}
      {list.moreFailure && <Failed failure={list.moreFailure} onRetry={list.reload} />}
    </ListPage>
  );
}

/** Reads the list, and its further pages when they are needed. */
function useRuns(address: RunsAddress) {
  const project = useProject();
  const readOnce = useReadOnce();
  const variables = useMemo(
    () => ({ project: project ?? '', where: filterOf(address), orderBy: orderOf(address.sort ?? defaultSort.id, address.order ?? 'desc') }),
    [project, address],
  );
  const answer = usePageRead(Runs, variables, { pause: project === undefined });
  const more = useCallback(async (after: string) => (await readOnce(MoreRuns, { ...variables, after })).pipelineRuns, [readOnce, variables]);
  const { rows, hasMore, loadMore, failure } = useRows(answer.data?.pipelineRuns, more);
  return { ...answer, rows, hasMore, loadMore, moreFailure: failure };
}
