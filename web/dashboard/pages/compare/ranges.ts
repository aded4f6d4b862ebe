// Ranges of axes. A version is in them if it is in the range of each axis that has one.

import { type Axis, shareOf } from './axes';

/** The lowest and the highest place of a range, from 0 to 1. */
export type Range = readonly [low: number, high: number];

/** The ranges by the ID of their axis. */
export type Ranges = ReadonlyMap<string, Range>;

/** Places that differ by less are the same, because the numbers in an address are rounded. */
const tolerance = 1e-4;

/** Returns the range of an axis for an address: its numbers and the ID of the axis. An open end is left out. */
export function rangeText(axis: Axis, [low, high]: Range): string {
  const numberAt = (place: number) => String(Number((axis.min * (1 - place) + axis.max * place).toPrecision(6)));
  return `${low <= 0 ? '' : numberAt(low)}..${high >= 1 ? '' : numberAt(high)}:${axis.id}`;
}

/** Returns the ranges of the axes of a plot. It ignores texts that are no range of them. */
export function parseRanges(texts: readonly string[], axes: readonly Axis[]): Ranges {
  const ranges = new Map<string, Range>();
  for (const text of texts) {
    const [, from, to, id] = /^([^:]*?)\.\.([^:]*):(.*)$/s.exec(text) ?? [];
    const axis = axes.find((other) => other.id === id);
    if (!axis || axis.min === axis.max) continue;
    const placeOf = (number: string, open: number) => (number === '' ? open : limit(shareOf(Number(number), axis.min, axis.max)));
    const range = [placeOf(from, 0), placeOf(to, 1)] as const;
    if (range[0] <= range[1]) ranges.set(axis.id, range);
  }
  return ranges;
}

/** Returns the texts of ranges after that of one axis was set, or removed if it is the whole axis. */
export function changeRange(texts: readonly string[], axis: Axis, range: Range): string[] {
  const others = texts.filter((text) => text.slice(text.indexOf(':') + 1) !== axis.id);
  return range[0] <= 0 && range[1] >= 1 ? others : [...others, rangeText(axis, range)];
}

/** Reports whether a version is in the ranges. A version without a value of an axis is not in the range of the axis. */
export const isInRanges = (axes: readonly Axis[], ranges: Ranges, version: number): boolean =>
  axes.every(({ id, places }) => {
    const range = ranges.get(id);
    const place = places[version];
    return !range || (place !== null && place >= range[0] - tolerance && place <= range[1] + tolerance);
  });

/** Returns a place on an axis. */
export const limit = (place: number) => Math.min(Math.max(place, 0), 1);
