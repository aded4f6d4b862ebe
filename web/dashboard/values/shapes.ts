// The shapes that lists can have: matrices of numbers, and tables of dictionaries.

import type { Value } from './extended';

/** Reports whether a value has no parts. */
export const isScalar = (value: Value) => !('items' in value) && !('fields' in value);

const isNumber = (value: Value) => value.kind === 'INTEGER' || value.kind === 'FLOAT';

const maxSide = 64;

/** Returns the rows of a list of lists of numbers with equal lengths, or undefined. */
export function matrixOf(value: Value): string[][] | undefined {
  if (!('items' in value) || value.kind === 'SET') return undefined;
  const rows = value.items.map((row) => ('items' in row && row.items.every(isNumber) ? row.items : undefined));
  const width = rows[0]?.length ?? 0;
  if (rows.length < 2 || width < 2 || rows.length > maxSide || width > maxSide) return undefined;
  if (rows.some((row) => row?.length !== width)) return undefined;
  return rows.map((row) => row!.map((cell) => ('number' in cell ? cell.number : '')));
}

export interface TableShape {
  columns: string[];
  /** The cells of each row by column; undefined where the dictionary lacks the key. */
  rows: (Value | undefined)[][];
}

const maxColumns = 12;

/** Returns the table of a list of dictionaries, or undefined if they have little in common. */
export function tableOf(value: Value): TableShape | undefined {
  if (value.kind !== 'LIST' || value.items.length < 2) return undefined;
  const columns = new Set<string>();
  let cells = 0;
  for (const item of value.items) {
    if (item.kind !== 'DICT') return undefined;
    for (const { key } of item.fields) columns.add(key);
    cells += item.fields.length;
  }
  if (columns.size === 0 || columns.size > maxColumns || cells < (columns.size * value.items.length) / 2)
    return undefined;
  const names = [...columns];
  return {
    columns: names,
    rows: value.items.map((item) =>
      names.map((name) => ('fields' in item ? item.fields.find(({ key }) => key === name)?.value : undefined)),
    ),
  };
}
