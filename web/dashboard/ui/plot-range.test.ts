import { expect, test } from 'vitest';

import { rangeBetween, visiblePoints, zoomRange } from './plot-range';

const x = [1, 2, 3, 5, 8, 13, 21, 34];

test('points between two numbers', () => {
  expect(rangeBetween(x, 1.5, 9)).toEqual([2, 8]);
  expect(rangeBetween(x, 9, 14)).toBe(undefined);
  expect(visiblePoints(x, [4, 9])).toEqual([3, 4]);
  expect(visiblePoints(x, [6, 7])).toEqual([0, 7]);
  expect(visiblePoints(x, undefined)).toEqual([0, 7]);
});

test('zoom around a point', () => {
  expect(zoomRange(x, undefined, 7, 'in')).toEqual([8, 34]);
  expect(zoomRange(x, [8, 34], 4, 'in')).toEqual([5, 8]);
  expect(zoomRange(x, [5, 8], 4, 'in')).toEqual([5, 8]);
  expect(zoomRange(x, [5, 8], 4, 'out')).toEqual([3, 13]);
  expect(zoomRange(x, [3, 13], 4, 'out')).toBe(undefined);
  expect(zoomRange([7], undefined, 0, 'in')).toBe(undefined);
});
