// Differences of numbers as text for people.

import type { MetadataKind } from '../api/gen/graphql';
import { displayQuantity, shortNumber } from './display';

/** Returns the difference of two values of a kind, with its share of the first value. */
export function displayDelta(
  kind: MetadataKind | null | undefined,
  delta: number,
  relative: number | null | undefined,
): string {
  const share = relative ? ` (${displayShare(relative)})` : '';
  return withSign(delta, (size) => displayQuantity(kind, size)) + share;
}

/** Returns a relative difference in per cent. */
export const displayShare = (relative: number) =>
  withSign(relative * 100, (size) => `${shortNumber(String(Number(size.toPrecision(3))))} %`);

const withSign = (number: number, text: (size: number) => string) =>
  `${number < 0 ? '−' : '+'}${text(Math.abs(number))}`;
