import { expect, test } from 'vitest';

import { laterToken } from './consistency';

test('the higher token of the same log is kept', () => {
  const low = '7461905551215482932:1:0/FFFFFFFF';
  const high = '7461905551215482932:1:1/0';
  expect(laterToken(low, high)).toBe(high);
  expect(laterToken(high, low)).toBe(high);
  expect(laterToken(high, high)).toBe(high);
});

test('the newer token of another log is kept', () => {
  const old = '7461905551215482932:1:F/0';
  for (const next of ['7461905551215482932:2:1/0', '8461905551215482932:1:1/0', '7461905551215482932:0:0/0']) {
    expect(laterToken(old, next)).toBe(next);
    expect(laterToken(next, old)).toBe(old);
  }
});

test('a response without a token changes nothing', () => {
  expect(laterToken(null, null)).toBeNull();
  expect(laterToken('1:1:0/1', null)).toBe('1:1:0/1');
  expect(laterToken(null, '1:1:0/1')).toBe('1:1:0/1');
});
