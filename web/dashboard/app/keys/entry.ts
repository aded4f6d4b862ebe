import type { MetadataKeyInput } from '../../api/gen/graphql';

/**
 * Returns the entry of a key among those of `columns`. It compares names and not positions, because the entries may be
 * those of the columns that were chosen before.
 */
export function entryOf<Entry extends MetadataKeyInput>(entries: readonly (Entry | null)[], { card, key }: MetadataKeyInput) {
  return entries.find((entry) => entry?.key === key && (entry.card ?? undefined) === (card ?? undefined));
}
