import { expect, test } from 'vitest';

import { parseResponse } from './response';

test('JSON scalars keep their source text', () => {
  const text = '{"data": {"a": {"json": 1.0, "extendedJson": {"x": [9007199254740993, "}\\"]"]}, "display": "1.0"},\n"b": {"json": null}}}';
  expect(parseResponse(text)).toEqual({
    data: { a: { json: '1.0', extendedJson: '{"x": [9007199254740993, "}\\"]"]}', display: '1.0' }, b: { json: null } },
  });
});

test('values that look like fields are text', () => {
  const text = '{"data":{"display":"\\"json\\":1.0","key":"json","metadataJson":{"json":{"json":1.0}},"n":0.5}}';
  expect(parseResponse(text)).toEqual({
    data: { display: '"json":1.0', key: 'json', metadataJson: '{"json":{"json":1.0}}', n: 0.5 },
  });
});

test('texts and empty objects', () => {
  expect(parseResponse('{"json":"a","extendedJson":{},"json2":[{"json":true}]}')).toEqual({
    json: '"a"',
    extendedJson: '{}',
    json2: [{ json: 'true' }],
  });
});
