// Scales of plots: numbers are on a line, and other values are steps in order of their appearance.

import type { MetadataKind } from '../../api/gen/graphql';
import { keyText } from '../../app/address';
import { displayQuantity } from '../../values/display';
import { numberOf } from '../../values/number';
import type { Comparison } from './ComparePage';

type Row = Comparison['rows'][number];

export interface Axis {
  /** The text of the key. */
  id: string;
  card?: string | null;
  key: string;
  isNumeric: boolean;
  /** The numbers at the places 0 and 1. The steps of an axis without numbers are counted from 0. */
  min: number;
  max: number;
  /** The places of the versions from 0 to 1; null without a value. */
  places: (number | null)[];
  ticks: { place: number; text: string }[];
}

const maxSteps = 12;
const maxDefaultAxes = 6;

/** Returns the keys that can be axes: numbers, and texts with few different values. */
export function axesOf(rows: readonly Row[]): Axis[] {
  return rows.map(axisOf).filter((axis) => axis !== undefined);
}

/** Returns the axes that a plot shows until a person chooses others. */
export function defaultAxes(axes: readonly Axis[]): Axis[] {
  const varying = axes.filter(({ places }) => new Set(places).size > 1);
  const numbers = varying.filter((axis) => axis.isNumeric);
  return (numbers.length >= 2 ? numbers : varying).slice(0, maxDefaultAxes);
}

function axisOf(row: Row): Axis | undefined {
  const entries = row.cells.map(({ entry }) => entry);
  const numbers = entries.map(numberOf);
  const base = { id: keyText(row), card: row.card, key: row.key };
  if (entries.every((entry, i) => !entry?.kind || numbers[i] !== undefined)) return { ...base, ...linear(numbers, entries.find((entry) => entry?.kind)?.kind) };
  const texts = entries.map((entry) => entry?.display ?? null);
  const steps = [...new Set(texts.filter((text) => text !== null))];
  if (steps.length > maxSteps || steps.some((text) => text.length > 60)) return undefined;
  const placeOf = (step: number) => (steps.length === 1 ? 0.5 : step / (steps.length - 1));
  return {
    ...base,
    isNumeric: false,
    min: 0,
    max: steps.length - 1,
    places: texts.map((text) => (text === null ? null : placeOf(steps.indexOf(text)))),
    ticks: steps.map((text, i) => ({ place: placeOf(i), text })),
  };
}

function linear(numbers: (number | undefined)[], kind: MetadataKind | null | undefined): Omit<Axis, 'id' | 'card' | 'key'> {
  const finite = numbers.filter((number) => number !== undefined);
  const min = Math.min(...finite);
  const max = Math.max(...finite);
  const placeOf = (number: number) => (min === max ? 0.5 : shareOf(number, min, max));
  const values = min === max ? finite.slice(0, 1) : roundNumbers(min, max);
  return {
    isNumeric: true,
    min,
    max,
    places: numbers.map((number) => (number === undefined ? null : placeOf(number))),
    ticks: values.map((number) => ({ place: placeOf(number), text: displayQuantity(kind, number) })),
  };
}

/** Returns the place of a number in a range from 0 to 1. The halves are finite also if the range is not. */
export const shareOf = (number: number, min: number, max: number) => (number / 2 - min / 2) / (max / 2 - min / 2);

/** Returns about five round numbers in a range. */
export function roundNumbers(min: number, max: number): number[] {
  const raw = max / 4 - min / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw)!;
  const first = Math.ceil(min / step);
  const last = Math.floor(max / step);
  // Adding up the steps would add up their errors, too.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
