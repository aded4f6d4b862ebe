import { expect, test } from 'vitest';

import { formatAddress, keyText, parseAddress, parseKeyText, parseVersionText, versionText } from './address';

test('parameters survive a round trip', () => {
  for (const parameters of [
    { name: '..', version: '12' },
    { name: 'a/b?c=d&e#f %20+', tag: ['x', 'y'] },
    { name: 'naïve 🐧 \u202e', empty: undefined },
  ]) {
    expect(parseAddress(formatAddress(parameters))).toEqual(JSON.parse(JSON.stringify(parameters)));
  }
  expect(formatAddress({ a: '', b: undefined, c: [] })).toBe('');
});

test('keys survive a round trip', () => {
  for (const key of [{ key: 'a' }, { card: 'metrics', key: 'accuracy' }, { card: 'a/b\\', key: '/' }, { key: 'a/b' }, { key: '\\' }]) {
    expect(parseKeyText(keyText(key))).toEqual(key);
  }
  expect(keyText({ card: 'metrics', key: 'accuracy' })).toBe('metrics/accuracy');
});

test('versions survive a round trip', () => {
  for (const version of [{ name: 'a/b', version: '1' }, { name: '..', version: '/' }, { name: 'latest/' }]) {
    expect(parseVersionText(versionText(version))).toEqual(version);
  }
});
