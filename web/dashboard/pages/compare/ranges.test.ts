import { expect, test } from 'vitest';

import type { Axis } from './axes';
import { changeRange, isInRanges, parseRanges } from './ranges';

const axis = (id: string, min: number, max: number, places: (number | null)[]): Axis => ({ id, key: id, isNumeric: true, min, max, places, ticks: [] });
const loss = axis('metrics/loss: a..b', 10, 20, [0, 0.5, 1, null]);
const huge = axis('huge', -1e308, 1e308, [0, 0.25, 0.5, 1]);
const axes = [loss, huge];

test('ranges survive a round trip', () => {
  const texts = changeRange(changeRange([], loss, [0.25, 1]), huge, [0.25, 0.75]);
  expect(texts).toEqual(['12.5..:metrics/loss: a..b', '-5e+307..5e+307:huge']);
  expect([...parseRanges(texts, axes)]).toEqual([
    [loss.id, [0.25, 1]],
    [huge.id, [0.25, 0.75]],
  ]);
  expect(changeRange(texts, loss, [0, 1])).toEqual(['-5e+307..5e+307:huge']);
  expect([...parseRanges(['x..y:huge', '18..12:metrics/loss: a..b', 'nonsense', '..:unknown'], axes)]).toEqual([]);
});

test('versions in ranges', () => {
  const ranges = parseRanges(['..15:metrics/loss: a..b', '-6e307..:huge'], axes);
  expect([0, 1, 2, 3].map((version) => isInRanges(axes, ranges, version))).toEqual([false, true, false, false]);
});
