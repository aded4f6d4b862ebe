import { useMemo, useState } from 'react';

import { keyText } from '../../app/address';
import { Box } from '../../ui/Box';
import { Chip } from '../../ui/Chip';
import { SearchField } from '../../ui/Field';
import { Icon } from '../../ui/Icon';
import { Empty } from '../../ui/State';
import { displayDelta } from '../../values/delta';
import { parseValue } from '../../values/extended';
import { Text } from '../../values/Text';
import { distanceOf } from '../../values/Time';
import { Value } from '../../values/Value';
import styles from './Cards.module.css';
import type { Version } from './VersionPage';

type Entry = Version['cards'][number]['entries'][number];
type Change = NonNullable<Version['changes']>['rows'][number];

/** The number of facts from which a search is offered. */
const manyFacts = 30;

interface CardsProps {
  version: Version;
  /** Opens the history of a key, by its text. */
  onOpen(key: string): void;
}

/** The facts of a version: a box per card, in their order. */
export function Cards({ version, onOpen }: CardsProps) {
  const { cards, changes } = version;
  const changed = useMemo(() => new Map((changes?.rows ?? []).map((row) => [keyText(row), row])), [changes]);
  const previous = changes?.versions[0]?.version;
  const [search, setSearch] = useState('');
  if (cards.length === 0) {
    return (
      <Empty icon="box" title="No facts yet">
        A pipeline logs facts by <code>logMetadata</code>. A person can log one by hand.
      </Empty>
    );
  }
  const contains = (entry: Entry) => keyText(entry).toLowerCase().includes(search.trim().toLowerCase());
  const shown = cards.map(({ name, entries }) => ({ name, entries: entries.filter(contains) })).filter(({ entries }) => entries.length > 0);
  return (
    <>
      {cards.reduce((sum, { entries }) => sum + entries.length, 0) > manyFacts && (
        <p className={styles.search}>
          <SearchField label="Search keys" placeholder="Search keys of this version" value={search} onChange={setSearch} />
        </p>
      )}
      <div className={styles.cards}>
        {shown.map(({ name, entries }) => (
          <Box key={name ?? ''} title={name === null || name === undefined ? 'Facts' : <Text text={name} />} aside={entries.length} flush>
            <dl className={styles.entries}>
              {entries.map((entry) => (
                <Fact key={entry.id} entry={entry} change={changed.get(keyText(entry))} previous={previous} onOpen={onOpen} />
              ))}
            </dl>
          </Box>
        ))}
      </div>
      {shown.length === 0 && <Empty icon="search" title="No key contains this text" />}
    </>
  );
}

interface FactProps {
  entry: Entry;
  change: Change | undefined;
  previous: string | undefined;
  onOpen(key: string): void;
}

function Fact({ entry, change, previous, onOpen }: FactProps) {
  const value = useMemo(() => parseValue(entry.extendedJson), [entry.extendedJson]);
  const by = entry.loggedBy ? ` by ${entry.loggedBy}` : '';
  return (
    <div className={styles.entry}>
      <dt className={styles.key}>
        <button type="button" title={`Logged ${distanceOf(entry.loggedAt)}${by}. Show the history`} onClick={() => onOpen(keyText(entry))}>
          <Text text={entry.key} />
          <span className={styles.history}>
            <Icon name="history" size={13} />
            {entry.historyCount > 1 && entry.historyCount}
          </span>
        </button>
      </dt>
      <dd className={styles.value}>
        <Value value={value} />
        {change && previous !== undefined && <Delta change={change} previous={previous} />}
      </dd>
    </div>
  );
}

/** The difference from the previous version. */
function Delta({ change, previous }: { change: Change; previous: string }) {
  const [before, now] = change.cells;
  if (!before || !now) return null;
  if (!before.entry) return <Chip tone="good" title={`Version ${previous} does not have this key`}>new</Chip>;
  const title = `Version ${previous}: ${before.entry.display ?? ''}`;
  // An instant differs from version to version, which tells nothing.
  if (now.entry?.kind === 'TIMESTAMP') return null;
  if (now.delta === null || now.delta === undefined) return <Chip tone="warn" title={title}>changed</Chip>;
  return (
    <Chip tone="info" title={title}>
      {displayDelta(now.entry?.kind, now.delta, now.relativeDelta)}
    </Chip>
  );
}
