// A value by its kind, as large as it needs to be.

import { lazy, Suspense, useState } from 'react';

import { Chip } from '../ui/Chip';
import { displayDuration, displayOf, displaySize, displayTimestamp, groupDigits, shortNumber } from './display';
import type { Value as Parsed } from './extended';
import { HeatMap } from './HeatMap';
import { isScalar, matrixOf, tableOf } from './shapes';
import { Text } from './Text';
import { distanceOf } from './Time';
import { Tree } from './Tree';
import { Uri } from './Uri';
import { ValueTable } from './ValueTable';
import styles from './Value.module.css';

const Markdown = lazy(() => import('./Markdown'));

/** Shows a value. */
export function Value({ value }: { value: Parsed }) {
  switch (value.kind) {
    case 'NULL':
      return <span className={styles.null}>null</span>;
    case 'BOOLEAN':
      return <Chip tone={value.boolean ? 'good' : 'plain'}>{String(value.boolean)}</Chip>;
    case 'STRING':
      return <LongText text={value.text} />;
    case 'MARKDOWN':
      return (
        <Suspense fallback={<Text text={value.text} breaks />}>
          <Markdown text={value.text} />
        </Suspense>
      );
    case 'INTEGER':
    case 'FLOAT':
      return (
        <span className={styles.number} title={value.number}>
          {shortNumber(value.number)}
        </span>
      );
    case 'STORAGE_SIZE':
      return (
        <span className={styles.number} title={`${groupDigits(value.number)} bytes`}>
          {displaySize(Number(value.number))}
        </span>
      );
    case 'DURATION':
      return (
        <span className={styles.number} title={`${value.number} seconds`}>
          {displayDuration(Number(value.number))}
        </span>
      );
    case 'TIMESTAMP':
      return (
        <time dateTime={value.text} title={displayTimestamp(value.text)}>
          {displayTimestamp(value.text).replace(/(:\d\d)\.\d+/, '$1')} <span className={styles.aside}>{distanceOf(value.text)}</span>
        </time>
      );
    case 'URI':
      return <Uri uri={value.text} />;
    case 'PATH':
      return (
        <code className={styles.path}>
          <Text text={value.text} />
        </code>
      );
    case 'DTYPE':
      return (
        <Chip tone="info">
          <Text text={value.text} />
        </Chip>
      );
    default:
      return <Group value={value} />;
  }
}

type GroupValue = Extract<Parsed, { kind: 'LIST' | 'TUPLE' | 'SET' | 'DICT' }>;

/** Shows a list, tuple, set or dictionary in the form that fits its content. */
function Group({ value }: { value: GroupValue }) {
  const matrix = matrixOf(value);
  if (matrix) return <HeatMap rows={matrix} />;
  const table = tableOf(value);
  if (table) return <ValueTable table={table} />;
  if (value.kind === 'SET' && value.items.every(isScalar) && value.items.length > 0) return <Chips items={value.items} />;
  if (value.kind === 'LIST' && isShort(value.items)) return <Chips items={value.items} />;
  if (value.kind === 'TUPLE' && isShort(value.items)) {
    return (
      <span className={styles.number}>
        <Text text={displayOf(value)} />
      </span>
    );
  }
  return <Tree value={value} />;
}

const isShort = (items: Parsed[]) =>
  items.length > 0 && items.length <= 24 && items.every((item) => isScalar(item) && displayOf(item).length <= 40);

function Chips({ items }: { items: Parsed[] }) {
  return (
    <ul className={styles.chips}>
      {items.slice(0, 100).map((item, i) => (
        <li key={i}>
          <Chip title={displayOf(item)}>
            <Text text={displayOf(item)} />
          </Chip>
        </li>
      ))}
      {items.length > 100 && <li className={styles.aside}>and {items.length - 100} more</li>}
    </ul>
  );
}

const shortLength = 320;

/** Shows a text. A long one is cut until a person wants the rest. */
function LongText({ text }: { text: string }) {
  const [whole, setWhole] = useState(false);
  if (text === '') return <span className={styles.null}>empty text</span>;
  if (whole || text.length <= shortLength) {
    return (
      <span className={styles.text}>
        <Text text={text} breaks />
      </span>
    );
  }
  return (
    <span className={styles.text}>
      <Text text={`${text.slice(0, shortLength)}…`} breaks />{' '}
      <button type="button" className={styles.more} onClick={() => setWhole(true)}>
        Show all {groupDigits(String(text.length))} characters
      </button>
    </span>
  );
}
