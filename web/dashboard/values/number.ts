import type { EntryValue } from './CellValue';
import { parseValue } from './extended';
import { isNumeric } from './kinds';

/** The numbers of entries. An entry never changes, and tables ask for the same ones again and again. */
const numbers = new WeakMap<EntryValue, number | undefined>();

/** Returns the finite number of an entry: sizes in bytes and durations in seconds. Other kinds have none. */
export function numberOf(entry: EntryValue | null | undefined): number | undefined {
  if (!entry?.kind || !isNumeric(entry.kind)) return undefined;
  if (!numbers.has(entry)) numbers.set(entry, parseNumber(entry));
  return numbers.get(entry);
}

function parseNumber(entry: EntryValue): number | undefined {
  const value = parseValue(entry.extendedJson);
  const number = 'number' in value ? Number(value.number) : NaN;
  return Number.isFinite(number) ? number : undefined;
}
