import { createContext, type ReactNode, use, useMemo, useState } from 'react';

import type { MetadataKeyInput } from '../../api/gen/graphql';
import { ColumnPicker } from '../../app/keys/ColumnPicker';
import { CompareLink } from '../../app/links';
import { type Column, DataTable, type Sort } from '../../ui/DataTable';
import { Checkbox } from '../../ui/Field';
import { Icon } from '../../ui/Icon';
import { ListFrame } from '../../ui/ListFrame';
import { Empty, Failed } from '../../ui/State';
import { columnsOf } from './columns';
import type { useVersions, VersionRow } from './useVersions';
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
  const [chosen, setChosen] = useState<string[]>([]);
  const choice = useMemo(() => ({ chosen, onChange: setChosen }), [chosen]);
  const columns = useMemo(() => {
    const [version, ...facts] = columnsOf(artifact, keys, rows);
    return [version, choiceColumn, ...facts];
  }, [artifact, keys, rows]);
  const versions = list.artifact?.versions;
  return (
    <ChoiceContext value={choice}>
      <div className={styles.tools}>
        {filters}
        <span className={styles.count} role="status">
          {versions?.totalCount}
          {versions?.totalCountCapped && '+'} {versions?.totalCount === 1 ? 'version' : 'versions'}
        </span>
        {chosen.length >= 2 && (
          <CompareLink versions={chosen.map((version) => ({ name: artifact, version }))} className={styles.compare}>
            <Icon name="compare" />
            Compare {chosen.length} versions
          </CompareLink>
        )}
        <ColumnPicker artifact={artifact} known={list.latestKeys} chosen={keys} onChange={onColumns} />
      </div>
      {list.failure && <Failed failure={list.failure} onRetry={list.reload} />}
      <ListFrame busy={list.loading}>
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
      </ListFrame>
    </ChoiceContext>
  );
}

/** The number of versions that the API compares. */
const maxChosen = 20;

interface Choice {
  chosen: string[];
  onChange(change: (chosen: string[]) => string[]): void;
}

// The column itself stays the same, so that a box keeps the focus when it is checked.
const ChoiceContext = createContext<Choice>({ chosen: [], onChange() {} });

/** The column with which a person chooses versions to compare. */
const choiceColumn: Column<VersionRow> = { id: 'compare', text: 'Compare', width: 80, cell: ({ version }) => <ChoiceBox version={version} /> };

function ChoiceBox({ version }: { version: string }) {
  const { chosen, onChange } = use(ChoiceContext);
  const isChosen = chosen.includes(version);
  return (
    <Checkbox
      label={`Compare ${version}`}
      selected={isChosen}
      isDisabled={!isChosen && chosen.length >= maxChosen}
      onChange={(selected) => onChange((before) => (selected ? [...before, version] : before.filter((other) => other !== version)))}
    />
  );
}
