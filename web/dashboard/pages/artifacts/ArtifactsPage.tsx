import { getRouteApi } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';

import type { ArtifactsQuery, MetadataKeyInput } from '../../api/gen/graphql';
import { usePageRead, useRead, useReadOnce } from '../../api/query';
import { useRows } from '../../api/rows';
import { keyText, parseKeyText } from '../../app/address';
import { ColumnPicker } from '../../app/keys/ColumnPicker';
import { NoProject } from '../../app/NoProject';
import { useProject } from '../../app/project';
import { Button } from '../../ui/Button';
import { DataTable } from '../../ui/DataTable';
import { SearchField } from '../../ui/Field';
import { ListPage } from '../../ui/ListPage';
import { Empty, Failed, Loading } from '../../ui/State';
import { useTitle } from '../../ui/title';
import { type ArtifactsAddress, defaultSort, filterOf, orderOf } from './address';
import { columnsOf } from './columns';
import { defaultColumns } from './default-columns';
import { Artifacts, MoreArtifacts, RecentFacts } from './documents';
import { Facets } from './Facets';
import { FirstVersion } from './FirstVersion';

const route = getRouteApi('/');

type Row = NonNullable<ArtifactsQuery['artifactVersions']>['nodes'][number];

/** The list of artifacts. Each row is the latest version of an artifact. */
export function ArtifactsPage() {
  const address = route.useSearch();
  const navigate = route.useNavigate();
  const change = useCallback(
    (next: Partial<ArtifactsAddress>, replace = false) => void navigate({ search: (before) => ({ ...before, ...next }), replace }),
    [navigate],
  );
  useTitle('Artifacts');
  const keys = useColumns(address);
  const list = useArtifacts(address, keys);
  const sort = address.sort ? { id: address.sort, direction: address.order ?? 'desc' } : defaultSort;
  const columns = useMemo(() => columnsOf(keys), [keys]);
  const filtered = Boolean(address.search || address.types || address.tags);

  if (!list.data && list.failure) return <Failed failure={list.failure} onRetry={list.reload} page />;
  if (list.data && !list.data.project && !list.failure) return <NoProject />;
  if (list.data?.artifactVersions && list.rows.length === 0 && !filtered) return <FirstVersion />;
  return (
    <ListPage
      title="Artifacts"
      items="artifacts"
      count={list.data?.artifactVersions}
      facets={<Facets address={address} usage={list.data} onChange={change} />}
      busy={list.loading}
      tools={
        <>
          <SearchField label="Search artifacts" placeholder="Search by name" value={address.search ?? ''} onChange={(search) => change({ search }, true)} />
          <ColumnPicker chosen={keys} onChange={(chosen) => change({ columns: chosen.length > 0 ? chosen.map(keyText) : ['none'] })} />
        </>
      }
    >
      {list.data?.artifactVersions ? (
        list.rows.length > 0 ? (
          <DataTable
            label="Artifacts"
            columns={columns}
            rows={list.rows}
            idOf={(row: Row) => row.id}
            sort={sort}
            onSort={({ id, direction }) => change({ sort: id, order: direction })}
            totalCount={list.data.artifactVersions.totalCount}
            hasMore={list.hasMore}
            onMore={list.loadMore}
          />
        ) : (
          <Empty icon="search" title="No artifact matches">
            <Button onPress={() => change({ search: undefined, types: undefined, tags: undefined })}>Clear the filters</Button>
          </Empty>
        )
      ) : list.failure ? (
        <Failed failure={list.failure} onRetry={list.reload} />
      ) : (
        <Loading label="Loading artifacts" lines={9} />
      )}
      {list.moreFailure && <Failed failure={list.moreFailure} onRetry={list.reload} />}
    </ListPage>
  );
}

/** Returns the keys that are columns: those of the address, else the default. */
function useColumns({ columns }: ArtifactsAddress): MetadataKeyInput[] {
  const { data } = useRead(RecentFacts, { project: useProject() }, { pause: columns !== undefined });
  return useMemo(() => {
    if (columns) return columns.filter((text) => text !== 'none').map(parseKeyText);
    return defaultColumns(data?.artifactVersions?.nodes ?? []);
  }, [columns, data]);
}

/** Reads the list and its facets in one request, and further pages of the list when they are needed. */
function useArtifacts(address: ArtifactsAddress, keys: MetadataKeyInput[]) {
  const project = useProject();
  const readOnce = useReadOnce();
  const variables = useMemo(
    () => ({
      project: project ?? '',
      where: filterOf(address),
      whereTypes: filterOf(address, 'types'),
      whereTags: filterOf(address, 'tags'),
      orderBy: orderOf(address.sort ?? defaultSort.id, address.order ?? 'desc'),
      keys,
    }),
    [project, address, keys],
  );
  const answer = usePageRead(Artifacts, variables, { pause: project === undefined });
  const more = useCallback(
    async (after: string) => (await readOnce(MoreArtifacts, { ...variables, after })).artifactVersions,
    [readOnce, variables],
  );
  const { rows, hasMore, loadMore, failure } = useRows(answer.data?.artifactVersions, more);
  return { ...answer, rows, hasMore, loadMore, moreFailure: failure };
}
