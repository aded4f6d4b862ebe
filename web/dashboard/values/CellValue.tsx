import type { MetadataKind } from '../api/gen/graphql';
import styles from './CellValue.module.css';
import { displayOf, plainText, shortNumber } from './display';
import { parseValue } from './extended';
import { kindGroup } from './kinds';
import { Text } from './Text';
import { distanceOf } from './Time';

/** The fields of an entry that a value is shown from. */
export interface EntryValue {
  kind?: MetadataKind | null;
  display?: string | null;
  extendedJson?: string | null;
}

interface CellValueProps {
  entry: EntryValue | null | undefined;
  /** Shows an instant itself, not its distance from now, where instants are compared. */
  exactTime?: boolean;
}

/** Shows a value in one line, such as in a table. The whole value is shown on hover. */
export function CellValue({ entry, exactTime = false }: CellValueProps) {
  if (!entry?.kind) return <span className={styles.absent}>–</span>;
  const display = entry.display ?? displayOf(parseValue(entry.extendedJson));
  return (
    <span className={`${styles.value} ${styles[kindGroup(entry.kind)]}`} title={display}>
      <Text text={exactTime && entry.kind === 'TIMESTAMP' ? display : shortText(entry.kind, display, entry.extendedJson)} />
    </span>
  );
}

function shortText(kind: MetadataKind, display: string, extendedJson: string | null | undefined): string {
  if (kind === 'INTEGER' || kind === 'FLOAT') return shortNumber(display);
  if (kind === 'DURATION') return display.replace(/^-?\d+\.\d+/, (number) => String(Number(Number(number).toPrecision(4))));
  if (kind === 'TIMESTAMP') {
    const value = parseValue(extendedJson);
    return 'text' in value ? distanceOf(value.text) : display;
  }
  if (kind === 'MARKDOWN') return plainText(display);
  return display === '' ? '“”' : display;
}
