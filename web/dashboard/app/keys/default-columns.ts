import type { KeysQuery, MetadataKind } from '../../api/gen/graphql';

export type KeyUsage = NonNullable<KeysQuery['metadataKeys']>['nodes'][number];

const maxColumns = 4;

/** The weight of a kind: measures tell more in a list than names, and long texts tell little. */
const weights: Partial<Record<MetadataKind, number>> = {
  FLOAT: 4,
  STORAGE_SIZE: 4,
  DURATION: 3,
  INTEGER: 2,
  TIMESTAMP: 1,
  BOOLEAN: 1,
  STRING: 1,
};

/** Matches the names of cards that mostly have results. */
export const resultCard = /metric|score|result|eval/i;

function weightOf({ card, kinds, versionCount, min, max }: KeyUsage): number {
  const isConstant = min !== null && min === max && versionCount > 1;
  const weight = Math.max(0, ...kinds.map((kind) => weights[kind] ?? 0)) * (resultCard.test(card ?? '') ? 2 : 1);
  return isConstant ? 0 : weight * versionCount;
}

/** Returns the keys that the list shows until a person chooses others: measures that many versions have and that vary. */
export function defaultColumns(keys: readonly KeyUsage[]): KeyUsage[] {
  return keys
    .filter((key) => weightOf(key) > 0)
    .sort((a, b) => weightOf(b) - weightOf(a))
    .slice(0, maxColumns);
}
