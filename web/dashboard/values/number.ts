import type { EntryValue } from './CellValue';
import { parseValue } from './extended';
import { isNumeric } from './kinds';

/** Returns the finite number of an entry: sizes in bytes and durations in seconds. Other kinds have none. */
export function numberOf(entry: EntryValue | null | undefined): number | undefined {
  if (!entry?.kind || !isNumeric(entry.kind)) return undefined;
  const value = parseValue(entry.extendedJson);
  const number = 'number' in value ? Number(value.number) : NaN;
  return Number.isFinite(number) ? number : undefined;
}
