import { expect, test } from 'vitest';

import { displayDelta } from './delta';

test('differences have a sign and a unit', () => {
  expect(displayDelta('FLOAT', 0.0392156862745098, 0.0412371)).toBe('+0.039216 (+4.12 %)');
  expect(displayDelta('DURATION', -0.00047537, -0.273)).toBe('−475.37 µs (−27.3 %)');
  expect(displayDelta('STORAGE_SIZE', 1_500_000, null)).toBe('+1.5 MB');
  expect(displayDelta('INTEGER', -2, 0)).toBe('−2');
});
