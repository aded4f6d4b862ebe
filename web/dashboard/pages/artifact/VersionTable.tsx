import { type ReactNode, useMemo } from 'react';

import type { MetadataKeyInput } from '../../api/gen/graphql';
import { ColumnPicker } from '../../app/keys/ColumnPicker';
import { DataTable, type Sort } from '../../ui/DataTable';
import { Empty, Failed } from '../../ui/State';
import { columnsOf } from './columns';
import type { useVersions } from './useVersions';
import styles from './VersionTable.module.css';

interface VersionTableProps {
  list: ReturnType<typeof useVersions>;
  artifact: string;
  filters: ReactNode;
  sort: Sort;
  onSort(sort: Sort): void;
  onColumns(keys: MetadataKeyInput[]): void;
}

/** The versions with chosen facts as columns. */
export function VersionTable({ list, artifact, filters, sort, onSort, onColumns }: VersionTableProps) {
  const { rows, keys } = list;
  const columns = useMemo(() => columnsOf(artifact, keys, rows), [artifact, keys, rows]);
  const versions = list.artifact?.versions;
  return (
    <>
      <div className={styles.tools}>
        {filters}
        <span className={styles.count} role="status">
          {versions?.totalCount}
          {versions?.totalCountCapped && '+'} {versions?.totalCount === 1 ? 'version' : 'versions'}
        </span>
        <ColumnPicker artifact={artifact} known={list.latestKeys} chosen={keys} onChange={onColumns} />
      </div>
      {list.failure && <Failed failure={list.failure} onRetry={list.reload} />}
      <section className={styles.list} aria-busy={list.loading}>
        {rows.length > 0 ? (
          <DataTable
            label="Versions"
            columns={columns}
            rows={rows}
            idOf={(row) => row.id}
            rowHeight={50}
            sort={sort}
            onSort={onSort}
            totalCount={versions?.totalCount}
            hasMore={list.hasMore}
            onMore={list.loadMore}
          />
        ) : (
          versions && <Empty icon="search" title="No version matches the filter" />
        )}
        {list.moreFailure && <Failed failure={list.moreFailure} onRetry={list.reload} />}
      </section>
    </>
  );
}
