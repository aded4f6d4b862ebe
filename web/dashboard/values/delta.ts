// Differences of numbers as text for people.

import type { MetadataKind } from '../api/gen/graphql';
import { displayDuration, displaySize, shortNumber } from './display';

/** Returns the difference of two values of a kind, with its share of the first value. */
export function displayDelta(kind: MetadataKind | null | undefined, delta: number, relative: number | null | undefined): string {
  const percent = relative ? ` (${withSign(relative * 100, (size) => shortNumber(String(Number(size.toPrecision(3)))))} %)` : '';
  return withSign(delta, sizeText(kind)) + percent;
}

function sizeText(kind: MetadataKind | null | undefined): (size: number) => string {
  if (kind === 'STORAGE_SIZE') return displaySize;
  if (kind === 'DURATION') return displayDuration;
  return (size) => shortNumber(String(size));
}

const withSign = (number: number, text: (size: number) => string) => `${number < 0 ? '−' : '+'}${text(Math.abs(number))}`;
