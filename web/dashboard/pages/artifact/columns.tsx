import type { MetadataKeyInput } from '../../api/gen/graphql';
import { keyText } from '../../app/address';
import { entryOf } from '../../app/keys/entry';
import { VersionLink } from '../../app/links';
import { Chip } from '../../ui/Chip';
import type { Column } from '../../ui/DataTable';
import { Sparkline } from '../../ui/Sparkline';
import { CellValue, type EntryValue } from '../../values/CellValue';
import { displayDelta, displayShare } from '../../values/delta';
import { KeyName } from '../../values/KeyName';
import { numberOf } from '../../values/number';
import { Text } from '../../values/Text';
import { Time } from '../../values/Time';
import styles from './columns.module.css';
import type { VersionRow } from './useVersions';

/** Returns the columns of the table of versions. */
export function columnsOf(artifact: string, keys: MetadataKeyInput[], rows: VersionRow[]): Column<VersionRow>[] {
  const ordered = [...rows].sort((a, b) => a.number - b.number);
  return [
    {
      id: 'number',
      text: 'Version',
      width: 130,
      sortable: true,
      cell: (row) => <Version artifact={artifact} row={row} />,
    },
    ...keys.map((key) => factColumn(key, ordered)),
    { id: 'tags', text: 'Tags', width: 130, cell: ({ tags }) => <Tags tags={tags} /> },
    { id: 'producer', text: 'Made by', width: 150, cell: (row) => <Producer row={row} /> },
    {
      id: 'created',
      text: 'Created',
      width: 130,
      sortable: true,
      cell: ({ createdAt }) => <Time instant={createdAt} />,
    },
    {
      id: 'logged',
      text: 'Last fact',
      width: 130,
      sortable: true,
      cell: ({ lastLoggedAt }) => lastLoggedAt && <Time instant={lastLoggedAt} />,
    },
  ];
}

/** Returns the column of a key. `ordered` are the loaded versions by ascending number. */
function factColumn(metadataKey: MetadataKeyInput, ordered: VersionRow[]): Column<VersionRow> {
  const { card, key } = metadataKey;
  const numbers = ordered.map((row) => numberOf(entryOf(row.columns, metadataKey)) ?? null);
  const previous = previousNumbers(numbers);
  const finite = numbers.filter((number) => number !== null);
  const min = finite.reduce((a, b) => Math.min(a, b), Infinity);
  const max = finite.reduce((a, b) => Math.max(a, b), -Infinity);
  const positions = new Map(ordered.map((row, i) => [row.id, i]));
  const text = card ? `${card} / ${key}` : key;
  return {
    id: `fact:${keyText({ card, key })}`,
    text,
    heading: (
      <span className={styles.heading}>
        <KeyName card={card} name={key} stacked />
        {finite.length > 1 && max > min && (
          <Sparkline numbers={numbers.slice(-60)} width={130} height={18} label={`${text} over the loaded versions`} />
        )}
      </span>
    ),
    width: 160,
    sortable: true,
    cell: (row) => {
      const position = positions.get(row.id) ?? 0;
      const number = numbers[position];
      const before = previous[position];
      return (
        <Fact
          entry={entryOf(row.columns, metadataKey)}
          delta={number !== null && before !== undefined ? number - before : undefined}
          before={before}
          share={number !== null && max > min ? (number - min) / (max - min) : undefined}
        />
      );
    },
  };
}

/** Returns for each place the last number before it. */
function previousNumbers(numbers: (number | null)[]): (number | undefined)[] {
  let last: number | undefined;
  return numbers.map((number) => {
    const before = last;
    last = number ?? last;
    return before;
  });
}

interface FactProps {
  entry: EntryValue | null | undefined;
  /** The difference from the previous loaded version with a number. */
  delta?: number;
  before?: number;
  /** The place of the number between the least and the greatest one, 0 to 1. */
  share?: number;
}

/** A value, its difference from the version before, and a bar of its size among the loaded versions. */
function Fact({ entry, delta, before, share }: FactProps) {
  return (
    <div className={styles.fact}>
      <span className={styles.value}>
        <CellValue entry={entry} />
        {delta !== undefined && delta !== 0 && (
          <span
            className={styles.delta}
            title={`${displayDelta(entry?.kind, delta, undefined)} since the version before`}
          >
            {before ? displayShare(delta / Math.abs(before)) : displayDelta(entry?.kind, delta, undefined)}
          </span>
        )}
      </span>
      {share !== undefined && (
        <span className={styles.track}>
          <span className={styles.bar} style={{ width: `${Math.max(2, share * 100)}%` }} />
        </span>
      )}
    </div>
  );
}

function Version({ artifact, row }: { artifact: string; row: VersionRow }) {
  return (
    <span className={styles.chips}>
      <VersionLink name={artifact} version={row.version} className={styles.version} />
      {row.aliases.map((alias) => (
        <Chip key={alias} tone="accent">
          <Text text={alias} />
        </Chip>
      ))}
    </span>
  );
}

function Tags({ tags }: { tags: string[] }) {
  return (
    <span className={styles.chips} title={tags.join(', ')}>
      {tags.map((tag) => (
        <Chip key={tag}>
          <Text text={tag} />
        </Chip>
      ))}
    </span>
  );
}

function Producer({ row: { producer, createdBy } }: { row: VersionRow }) {
  const step = producer?.stepRun;
  if (!step) return createdBy && <Text text={createdBy} />;
  return (
    <>
      <Text text={step.name} />
      <span className={styles.muted}>
        {' of '}
        <Text text={step.pipelineRun.pipeline} />
      </span>
    </>
  );
}
