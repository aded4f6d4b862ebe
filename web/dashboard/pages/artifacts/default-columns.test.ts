import { expect, test } from 'vitest';

import type { MetadataKind } from '../../api/gen/graphql';
import { defaultColumns } from './default-columns';

const version = (id: string, ...facts: [string | null, string, MetadataKind, string][]) => ({
  id,
  metadata: facts.map(([card, key, kind, display]) => ({ id: `${id} ${key}`, card, key, kind, display })),
});

test('measures that vary come first', () => {
  const versions = [
    version('a', [null, 'rows', 'INTEGER', '3'], [null, 'seed', 'INTEGER', '42'], [null, 'note', 'MARKDOWN', 'x']),
    version('b', [null, 'rows', 'INTEGER', '4'], [null, 'seed', 'INTEGER', '42'], ['metrics', 'accuracy', 'FLOAT', '0.9']),
    version('c', [null, 'rows', 'INTEGER', '4'], [null, 'name', 'STRING', 'x'], ['metrics', 'accuracy', 'FLOAT', '0.8']),
  ];
  expect(defaultColumns(versions).map(({ key }) => key)).toEqual(['accuracy', 'rows', 'name']);
  expect(defaultColumns([])).toEqual([]);
});
