import type { KeysQuery, MetadataKind } from '../../api/gen/graphql';

export type KeyUsage = NonNullable<KeysQuery['metadataKeys']>['nodes'][number];

const maxColumns = 5;

/** The weight of a kind: measures tell more in a list than names, and long texts tell little. */
const weights: Partial<Record<MetadataKind, number>> = {
  FLOAT: 4,
  STORAGE_SIZE: 4,
  DURATION: 3,
  INTEGER: 2,
  TIMESTAMP: 1,
  BOOLEAN: 1,
  STRING: 1,
  SET: 1,
};

const weightOf = ({ kinds, versionCount, min, max }: KeyUsage) => {
  const isConstant = min !== null && min === max && versionCount > 1;
  return isConstant ? 0 : Math.max(0, ...kinds.map((kind) => weights[kind] ?? 0)) * versionCount;
};

/** Returns the keys that the list shows until a person chooses others: measures that many versions have and that vary. */
export function defaultColumns(keys: readonly KeyUsage[]): KeyUsage[] {
  return keys
    .filter((key) => weightOf(key) > 0)
    .sort((a, b) => weightOf(b) - weightOf(a))
    .slice(0, maxColumns);
}
