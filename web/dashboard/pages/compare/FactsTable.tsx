import { useMemo } from 'react';

import { versionText } from '../../app/address';
import { VersionLink } from '../../app/links';
import { IconButton } from '../../ui/Button';
import { Chip } from '../../ui/Chip';
import { type Column, DataTable } from '../../ui/DataTable';
import { Menu } from '../../ui/Menu';
import { useNarrow } from '../../ui/narrow';
import { Empty } from '../../ui/State';
import { Text } from '../../values/Text';
import type { CompareAddress } from './address';
import type { Change, Comparison } from './ComparePage';
import pageStyles from './ComparePage.module.css';
import styles from './FactsTable.module.css';
import { type Row, rowsOf } from './rows';

interface FactsTableProps {
  comparison: Comparison;
  address: CompareAddress;
  change: Change;
  loading: boolean;
}

/** A row per key, and a column per version. */
export function FactsTable({ comparison, address, change, loading }: FactsTableProps) {
  const all = address.all === 'yes';
  const isNarrow = useNarrow();
  const rows = useMemo(() => rowsOf(comparison, all, isNarrow), [comparison, all, isNarrow]);
  const columns = useMemo(() => columnsOf(comparison, address, change, isNarrow), [comparison, address, change, isNarrow]);
  const search = address.search?.toLowerCase() ?? '';
  const shown = rows.filter(({ text }) => text.toLowerCase().includes(search));
  return (
    <section className={`${pageStyles.frame} ${styles.table}`} aria-busy={loading}>
      <DataTable label="Comparison" columns={columns} rows={shown} idOf={(row: Row) => row.id} />
      {shown.length === 0 && search !== '' && <Empty icon="search" title="No key contains this text" />}
      {comparison.rows.length === 0 && !all && (
        <Empty icon="check" title="All facts are the same">
          The versions have the same keys with the same values.
        </Empty>
      )}
    </section>
  );
}

function columnsOf(comparison: Comparison, address: CompareAddress, change: Change, isNarrow: boolean): Column<Row>[] {
  return [
    { id: 'key', text: 'Key', width: isNarrow ? 130 : 210, cell: (row) => row.head },
    ...comparison.versions.map(
      (version, i): Column<Row> => ({
        id: `${i} ${version.id}`,
        text: `${version.artifact.name} / ${version.version}`,
        heading: <VersionHeading comparison={comparison} index={i} address={address} change={change} />,
        width: isNarrow ? 180 : 210,
        cell: (row) => row.cells[i],
      }),
    ),
  ];
}

interface VersionHeadingProps {
  comparison: Comparison;
  index: number;
  address: CompareAddress;
  change: Change;
}

/** The name of a version, and what a person can do with its column. */
function VersionHeading({ comparison, index, address: { versions = [] }, change }: VersionHeadingProps) {
  const { artifact, version, id } = comparison.versions[index];
  const isBaseline = id === comparison.baseline.id;
  const choices = [
    ...(isBaseline ? [] : [{ id: 'baseline', text: 'Compare the others with it', textValue: 'Compare the others with it' }]),
    ...(index === 0 ? [] : [{ id: 'first', text: 'Move to the front', textValue: 'Move to the front' }]),
    { id: 'remove', text: 'Remove', textValue: 'Remove' },
  ];
  const onChoose = (choice: string) => {
    const others = versions.filter((_, i) => i !== index);
    if (choice === 'baseline') change({ baseline: versions[index] });
    else if (choice === 'first') change({ versions: [versions[index], ...others] });
    else change({ versions: others });
  };
  return (
    <span className={styles.heading}>
      <VersionLink name={artifact.name} version={version} className={styles.link}>
        <span className={styles.artifact}>
          <Text text={artifact.name} />
        </span>{' '}
        <span className={styles.version}>
          <Text text={version} /> {isBaseline && <Chip tone="accent">baseline</Chip>}
        </span>
      </VersionLink>
      <span className={styles.menu}>
        <Menu
          button={<IconButton icon="down" label={`Column ${versionText({ name: artifact.name, version })}`} />}
          label="Column"
          choices={choices}
          onChoose={onChoose}
        />
      </span>
    </span>
  );
}
