import { expect, test } from 'vitest';

import { axesOf, defaultAxes, roundNumbers, shareOf } from './axes';

type Rows = Parameters<typeof axesOf>[0];

const rowOf = (key: string, ...values: [kind: string, extendedJson: string][]) => ({
  card: null,
  key,
  differs: true,
  cells: values.map(([kind, extendedJson]) => ({ entry: kind ? { kind, display: extendedJson, extendedJson } : null })),
});

test('round numbers', () => {
  expect(roundNumbers(0, 1)).toEqual([0, 0.5, 1]);
  expect(roundNumbers(0.91, 0.98)).toEqual([0.92, 0.94, 0.96, 0.98]);
  expect(roundNumbers(-3, 7)).toEqual([0, 5]);
});

test('giant numbers', () => {
  expect(roundNumbers(-1e308, 1e308)).toEqual([-1e308, -5e307, 0, 5e307, 1e308]);
  expect(shareOf(1e308, -1e308, 1e308)).toBe(1);
});

test('axes of numbers and of texts', () => {
  const rows = [
    rowOf('loss', ['FLOAT', '0.5'], ['INTEGER', '1'], ['', ''], ['FLOAT', '0.75']),
    rowOf('solver', ['STRING', '"adam"'], ['STRING', '"sgd"'], ['STRING', '"adam"'], ['', '']),
    rowOf('nothing', ['FLOAT', '{"$float": "NaN"}'], ['FLOAT', '1.5'], ['', ''], ['', '']),
  ] as unknown as Rows;
  const [loss, solver, mixed] = axesOf(rows);
  expect(loss.places).toEqual([0, 1, null, 0.5]);
  expect(solver).toMatchObject({ isNumeric: false, min: 0, max: 1, places: [0, 1, 0, null] });
  expect(mixed.isNumeric).toBe(false);
  expect(defaultAxes([loss, solver]).map(({ key }) => key)).toEqual(['loss', 'solver']);
});
