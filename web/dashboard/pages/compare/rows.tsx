// The rows of the comparison: the producers and the inputs of the versions, then their facts.

import { type ReactNode } from 'react';

import { keyText } from '../../app/address';
import { RunLink, VersionLink } from '../../app/links';
import { CellValue } from '../../values/CellValue';
import { CreatedBy } from '../../values/CreatedBy';
import { displayDelta } from '../../values/delta';
import { KeyName } from '../../values/KeyName';
import { numberOf } from '../../values/number';
import { Text } from '../../values/Text';
import { shareOf } from './axes';
import type { Comparison } from './ComparePage';
import styles from './rows.module.css';

export interface Row {
  id: string;
  /** The text that a search finds. */
  text: string;
  head: ReactNode;
  /** One per version. */
  cells: ReactNode[];
}

type Fact = Comparison['rows'][number];
type Cell = Fact['cells'][number];
type Version = Comparison['versions'][number];

/** Returns the rows. `all` includes attributes that are the same in all versions. */
export function rowsOf({ versions, rows, inputs }: Comparison, all: boolean, isNarrow: boolean): Row[] {
  const attributes = [
    { name: 'Created', valueOf: (version: Version) => version.createdAt, show: isNarrow ? CreatedAgo : Created },
    { name: 'Type', valueOf: (version: Version) => version.type ?? '', show: Type },
    { name: 'Tags', valueOf: (version: Version) => version.tags.join('\n'), show: Tags },
    { name: 'Made by', valueOf: (version: Version) => version.producer?.stepRun.id ?? '', show: MadeBy },
  ];
  const differing = attributes.filter(({ valueOf }) => all || new Set(versions.map(valueOf)).size > 1);
  return [
    ...differing.map(({ name, show: Show }): Row => ({
      id: `about ${name}`,
      text: name,
      head: <span className={styles.attribute}>{name}</span>,
      cells: versions.map((version) => <Show key={version.id} version={version} />),
    })),
    ...(inputs ?? []).map(inputRow),
    ...rows.map((fact) => factRow(fact, isNarrow)),
  ];
}

// A phone has too little space for an exact time.
const CreatedAgo = ({ version: { createdAt, createdBy } }: { version: Version }) => <CreatedBy instant={createdAt} by={createdBy} />;
const Created = ({ version: { createdAt, createdBy } }: { version: Version }) => <CreatedBy instant={createdAt} by={createdBy} exactTime />;

const Type = ({ version: { type } }: { version: Version }) => (type ? <Text text={type} /> : <span className={styles.muted}>–</span>);

const Tags = ({ version: { tags } }: { version: Version }) =>
  tags.length > 0 ? <Text text={tags.join(', ')} /> : <span className={styles.muted}>–</span>;

function MadeBy({ version: { producer } }: { version: Version }) {
  if (!producer) return <span className={styles.muted}>–</span>;
  const { name, pipelineRun } = producer.stepRun;
  return (
    <RunLink id={pipelineRun.id}>
      <Text text={name} />
      <span className={styles.muted}>
        {' of '}
        <Text text={pipelineRun.pipeline} />
      </span>
    </RunLink>
  );
}

function inputRow({ name, versions }: NonNullable<Comparison['inputs']>[number]): Row {
  return {
    id: `input ${name}`,
    text: `Input ${name}`,
    head: (
      <span className={styles.attribute}>
        Input <Text text={name} />
      </span>
    ),
    cells: versions.map((version) =>
      version ? <VersionLink name={version.artifact.name} version={version.version} full /> : <span className={styles.muted}>–</span>,
    ),
  };
}

function factRow(fact: Fact, isNarrow: boolean): Row {
  const numbers = fact.cells.map(({ entry }) => numberOf(entry));
  const finite = numbers.filter((number) => number !== undefined);
  const min = Math.min(...finite, 0);
  const max = Math.max(...finite, 0);
  const isScale = fact.differs && finite.length > 1 && max > min;
  return {
    id: `fact ${keyText(fact)}`,
    text: keyText(fact),
    head: <KeyName card={fact.card} name={fact.key} stacked={isNarrow} />,
    cells: fact.cells.map((cell, i) => (
      <FactCell key={i} cell={cell} exactTime={!isNarrow} share={isScale && numbers[i] !== undefined ? shareOf(numbers[i], min, max) : undefined} />
    )),
  };
}

/** A value, its difference from the baseline, and for numbers a bar that compares it with the row. */
function FactCell({ cell, share, exactTime }: { cell: Cell; share: number | undefined; exactTime: boolean }) {
  const { entry, delta, relativeDelta, added, removed } = cell;
  return (
    <div className={styles.fact}>
      <CellValue entry={entry} exactTime={exactTime} />
      {delta !== null && delta !== undefined && delta !== 0 && <span className={styles.delta}>{displayDelta(entry?.kind, delta, relativeDelta)}</span>}
      {(added.length > 0 || removed.length > 0) && (
        <span className={styles.delta} title="Members that the baseline does not have, and members that only the baseline has">
          <Members sign="+" className={styles.added} values={added} />
          <Members sign="−" className={styles.removed} values={removed} />
        </span>
      )}
      {share !== undefined && <span className={styles.bar} style={{ width: `${share * 100}%` }} />}
    </div>
  );
}

function Members({ sign, values, className }: { sign: string; values: Cell['added']; className: string }) {
  return values.map((value, i) => (
    <span key={i} className={className}>
      {sign}
      <Text text={('display' in value && value.display) || ''} />{' '}
    </span>
  ));
}
