// The part of the horizontal axis that a plot shows.

/** The first and the last number that are shown. */
export type Range = readonly [from: number, to: number];

/** Returns the indices of the first and the last point in a range; without a range those of all points. */
export function visiblePoints(x: readonly number[], range: Range | undefined): [first: number, last: number] {
  if (!range) return [0, x.length - 1];
  const first = x.findIndex((number) => number >= range[0]);
  const last = x.findLastIndex((number) => number <= range[1]);
  return first < 0 || last < first ? [0, x.length - 1] : [first, last];
}

/** Returns the range of the points between two numbers, or undefined if there are fewer than two. */
export function rangeBetween(x: readonly number[], from: number, to: number): Range | undefined {
  const inside = x.filter((number) => number >= from && number <= to);
  return inside.length < 2 ? undefined : [inside[0], inside[inside.length - 1]];
}

/**
 * Returns a range around a point that shows half (`in`) or double (`out`) as many points, at least two. It is undefined if all
 * points are in it.
 */
export function zoomRange(x: readonly number[], range: Range | undefined, point: number, direction: 'in' | 'out'): Range | undefined {
  const [first, last] = visiblePoints(x, range);
  const count = last - first + 1;
  const next = Math.min(Math.max(direction === 'in' ? Math.ceil(count / 2) : count * 2, 2), x.length);
  if (next === x.length) return undefined;
  const start = Math.min(Math.max(point - Math.floor(next / 2), 0), x.length - next);
  return [x[start], x[start + next - 1]];
}
