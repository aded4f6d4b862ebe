import { useCallback, useDeferredValue, useMemo, useState } from 'react';

import type { ArtifactKeysQuery, MetadataKeyInput } from '../../api/gen/graphql';
import { usePageRead, useReadOnce } from '../../api/query';
import { useRows } from '../../api/rows';
import { keyText } from '../../app/address';
import { useProject } from '../../app/project';
import { Button } from '../../ui/Button';
import { Chip } from '../../ui/Chip';
import { type Column, DataTable } from '../../ui/DataTable';
import { SearchField } from '../../ui/Field';
import { ListFrame } from '../../ui/ListFrame';
import { Empty, Failed, Loading } from '../../ui/State';
import { CellValue } from '../../values/CellValue';
import { displayQuantity } from '../../values/display';
import { KeyName } from '../../values/KeyName';
import { isNumeric, kindName } from '../../values/kinds';
import { Time } from '../../values/Time';
import { ArtifactKeys } from './documents';
import styles from './KeyCatalogue.module.css';

type KeyRow = NonNullable<NonNullable<ArtifactKeysQuery['artifact']>['metadataKeys']>['nodes'][number];

interface KeyCatalogueProps {
  artifact: string;
  onPlot(key: MetadataKeyInput): void;
}

/** The keys that the versions of the artifact have. */
export function KeyCatalogue({ artifact, onPlot }: KeyCatalogueProps) {
  const project = useProject();
  const readOnce = useReadOnce();
  const [text, setText] = useState('');
  const search = useDeferredValue(text.trim()) || undefined;
  const variables = useMemo(() => ({ project, name: artifact, search }), [project, artifact, search]);
  const { data, failure, reload } = usePageRead(ArtifactKeys, variables, { pause: project === undefined });
  const more = useCallback(
    async (after: string) => (await readOnce(ArtifactKeys, { ...variables, after })).artifact?.metadataKeys,
    [readOnce, variables],
  );
  const keys = data?.artifact?.metadataKeys;
  const { rows, hasMore, loadMore } = useRows(keys, more);
  const columns = useMemo(() => columnsOf(onPlot), [onPlot]);
  return (
    <>
      <div className={styles.tools}>
        <SearchField label="Search keys" placeholder="Search keys" value={text} onChange={setText} />
        {keys && (
          <span className={styles.count} role="status">
            {keys.totalCount}
            {keys.totalCountCapped && '+'} keys
          </span>
        )}
      </div>
      {failure && <Failed failure={failure} onRetry={reload} />}
      <ListFrame>
        {!keys && !failure && <Loading label="Loading the keys" />}
        {keys && rows.length === 0 && <Empty icon="search" title="No key matches" />}
        {rows.length > 0 && (
          <DataTable
            label="Keys"
            columns={columns}
            rows={rows}
            idOf={keyText}
            rowHeight={44}
            totalCount={keys?.totalCount}
            hasMore={hasMore}
            onMore={loadMore}
          />
        )}
      </ListFrame>
    </>
  );
}

const columnsOf = (onPlot: (key: MetadataKeyInput) => void): Column<KeyRow>[] => [
  { id: 'key', text: 'Key', width: 240, cell: ({ card, key }) => <KeyName card={card} name={key} /> },
  {
    id: 'kinds',
    text: 'Kinds',
    width: 140,
    cell: ({ kinds }) => (
      <span className={styles.kinds}>
        {kinds.map((kind) => (
          <Chip key={kind}>{kindName(kind)}</Chip>
        ))}
      </span>
    ),
  },
  { id: 'coverage', text: 'Versions', width: 150, cell: (key) => <Coverage row={key} /> },
  {
    id: 'range',
    text: 'Range',
    width: 170,
    cell: rangeText,
  },
  { id: 'last', text: 'Last value', width: 220, cell: ({ lastEntry }) => <CellValue entry={lastEntry} /> },
  {
    id: 'logged',
    text: 'Logged',
    width: 130,
    cell: ({ lastEntry }) => lastEntry && <Time instant={lastEntry.loggedAt} />,
  },
  {
    id: 'plot',
    text: 'Plot',
    width: 90,
    cell: ({ card, key, kinds }) =>
      kinds.some(isNumeric) && (
        <Button look="plain" icon="chart" aria-label={`Plot ${key}`} onPress={() => onPlot({ card, key })}>
          Plot
        </Button>
      ),
  },
];

/** The least and the greatest number. */
function rangeText({ kinds, min, max }: KeyRow) {
  if (min === null || min === undefined || max === null || max === undefined) return '–';
  const kind = kinds.find(isNumeric);
  return min === max ? displayQuantity(kind, min) : `${displayQuantity(kind, min)} to ${displayQuantity(kind, max)}`;
}

/** The number of versions with the key, and a bar of its share. */
function Coverage({ row: { versionCount, coverage } }: { row: KeyRow }) {
  return (
    <span className={styles.coverage} title={`${Math.round(coverage * 100)} % of the versions`}>
      <span>{versionCount}</span>
      <span className={styles.track}>
        <span className={styles.bar} style={{ width: `${coverage * 100}%` }} />
      </span>
    </span>
  );
}
