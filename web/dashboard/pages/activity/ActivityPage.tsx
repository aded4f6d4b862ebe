import { getRouteApi } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';

import type { ActivityQuery, TimelineEventKind } from '../../api/gen/graphql';
import { usePageRead, useReadOnce } from '../../api/query';
import { useRows } from '../../api/rows';
import { NoProject } from '../../app/NoProject';
import { useProject } from '../../app/project';
import { Button } from '../../ui/Button';
import { DataTable } from '../../ui/DataTable';
import { ListPage } from '../../ui/ListPage';
import { useNarrow } from '../../ui/narrow';
import { Select } from '../../ui/Select';
import { Empty, Failed, Loading } from '../../ui/State';
import { useTitle } from '../../ui/title';
import { Facet } from '../../values/Facet';
import { type ActivityAddress, type Age, ages, kindNames, kinds, parseActivityAddress } from './address';
import { columns, narrowColumns } from './columns';
import { Activity } from './documents';

const route = getRouteApi('/activity');

export type Event = NonNullable<NonNullable<ActivityQuery['project']>['timeline']>['nodes'][number];

const ageChoices: { id: Age; text: string }[] = [
  { id: 'any', text: 'At any time' },
  { id: 'day', text: 'In the last day' },
  { id: 'week', text: 'In the last week' },
  { id: 'month', text: 'In the last 30 days' },
];

/** What happened in the project, newest first. */
export function ActivityPage() {
  const address = route.useSearch();
  const navigate = route.useNavigate();
  const change = useCallback((next: Partial<ActivityAddress>) => void navigate({ search: (before) => ({ ...before, ...next }) }), [navigate]);
  useTitle('Activity');
  const isNarrow = useNarrow();
  const list = useEvents(address);
  const timeline = list.data?.project?.timeline;
  const filtered = Boolean(address.kinds || address.age);
  if (!list.data && list.failure) return <Failed failure={list.failure} onRetry={list.reload} page />;
  if (list.data && !list.data.project && !list.failure) return <NoProject />;
  return (
    <ListPage
      title="Activity"
      items="events"
      busy={list.loading}
      tools={<Select label="Time" hideLabel choices={ageChoices} value={address.age ?? 'any'} onChange={(age) => change(parseActivityAddress({ ...address, age }))} />}
      facets={
        <Facet
          title="Kind"
          items={kinds.map((name) => ({ name }))}
          chosen={address.kinds}
          textOf={(kind) => kindNames[kind as TimelineEventKind]}
          onChange={(next) => change({ kinds: next as TimelineEventKind[] | undefined })}
        />
      }
    >
      {!timeline ? (
        list.failure ? <Failed failure={list.failure} onRetry={list.reload} /> : <Loading label="Loading the activity" lines={9} />
      ) : list.rows.length > 0 ? (
        <DataTable
          key={String(isNarrow)}
          label="Activity"
          columns={isNarrow ? narrowColumns : columns}
          rowHeight={isNarrow ? 92 : 52}
          rows={list.rows}
          idOf={(event: Event) => event.id}
          hasMore={list.hasMore}
          onMore={list.loadMore}
        />
      ) : filtered ? (
        <Empty icon="search" title="No event matches">
          <Button onPress={() => change({ kinds: undefined, age: undefined })}>Clear the filters</Button>
        </Empty>
      ) : (
        <Empty icon="history" title="Nothing has happened yet">
          Versions, facts, aliases, tags and runs appear here as soon as a pipeline reports them.
        </Empty>
      )}
      {list.moreFailure && <Failed failure={list.moreFailure} onRetry={list.reload} />}
    </ListPage>
  );
}

/** Reads the timeline, and its earlier pages when they are needed. */
function useEvents({ kinds: chosen, age }: ActivityAddress) {
  const project = useProject();
  const readOnce = useReadOnce();
  const variables = useMemo(
    () => ({ project: project ?? '', kinds: chosen, from: age && new Date(Date.now() - ages[age] * 3_600_000).toISOString() }),
    [project, chosen, age],
  );
  const answer = usePageRead(Activity, variables, { pause: project === undefined });
  const more = useCallback(async (after: string) => (await readOnce(Activity, { ...variables, after })).project?.timeline, [readOnce, variables]);
  const { rows, hasMore, loadMore, failure } = useRows(answer.data?.project?.timeline, more);
  return { ...answer, rows, hasMore, loadMore, moreFailure: failure };
}
