import { expect, test } from 'vitest';

import { inputOf } from './input';

test('numbers keep their kind and their digits', () => {
  expect(inputOf('INTEGER', ' 9007199254740993 ')).toEqual({ integer: '9007199254740993' });
  expect(inputOf('FLOAT', '1')).toEqual({ float: 1 });
  expect(inputOf('FLOAT', 'NaN')).toEqual({ json: { $float: 'NaN' } });
  expect(inputOf('STORAGE_SIZE', '1.5 GiB')).toEqual({ storageSize: '1.5 GiB' });
  expect(inputOf('DURATION', '90')).toEqual({ duration: 90 });
});

test('groups keep the kinds of their parts', () => {
  expect(inputOf('TUPLE', '[1, 1.0, "a", {"$uri": "gs://b"}, null, {"x": [true]}]')).toEqual({
    tuple: [
      { integer: '1' },
      { float: 1 },
      { string: 'a' },
      { uri: 'gs://b' },
      { null: true },
      { dict: [{ key: 'x', value: { list: [{ boolean: true }] } }] },
    ],
  });
});

test('mistakes have a message', () => {
  expect(() => inputOf('FLOAT', 'x')).toThrow('must be a number');
  expect(() => inputOf('BOOLEAN', 'yes')).toThrow('true or false');
  expect(() => inputOf('LIST', '[1,')).toThrow('must be JSON');
  expect(() => inputOf('DICT', '[1]')).toThrow('JSON object');
});
