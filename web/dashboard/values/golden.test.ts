// Compares the texts of values with the golden values of all clients.

import { expect, test } from 'vitest';

import golden from '../../../models/testdata/values.json?raw';
import { parseResponse } from '../api/response';
import { displayOf } from './display';
import { parseValue } from './extended';

const cases = parseResponse(golden) as {
  name: string;
  kind: string;
  display: string;
  extendedJson: string | null;
}[];

test('the golden values are read', () => expect(cases.length).toBeGreaterThan(40));

test.each(cases)('$name', ({ kind, display, extendedJson }) => {
  const value = parseValue(extendedJson);
  expect(value.kind).toBe(kind);
  expect(displayOf(value)).toBe(display);
});
