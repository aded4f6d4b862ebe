import type { MetadataKeyInput, MetadataKind, RecentFactsQuery } from '../../api/gen/graphql';
import { keyText } from '../../app/address';
import { resultCard } from '../../app/keys/results';

type Version = NonNullable<RecentFactsQuery['artifactVersions']>['nodes'][number];

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

/** Returns the keys that the list shows until a person chooses others: measures that many versions have and that vary. */
export function defaultColumns(versions: readonly Version[]): MetadataKeyInput[] {
  const keys = new Map<string, { key: MetadataKeyInput; weight: number; displays: string[] }>();
  for (const { card, key, kind, display } of versions.flatMap(({ metadata }) => metadata)) {
    const found = keys.get(keyText({ card, key })) ?? { key: { card, key }, weight: 0, displays: [] };
    found.weight += (kind ? (weights[kind] ?? 0) : 0) * (resultCard.test(card ?? '') ? 2 : 1);
    found.displays.push(display ?? '');
    keys.set(keyText({ card, key }), found);
  }
  const isConstant = ({ displays }: { displays: string[] }) => displays.length > 1 && new Set(displays).size === 1;
  return [...keys.values()]
    .filter((key) => key.weight > 0 && !isConstant(key))
    .sort((a, b) => b.weight - a.weight)
    .slice(0, maxColumns)
    .map(({ key }) => key);
}
