import { expect, test } from 'vitest';

import { conditionText, filterOf, literalOf, parseConditions } from './filters';

const accuracy = { field: 'fact:metrics/accuracy', operator: 'gte', value: '0.9' };
const champion = { field: 'tag', operator: 'ne', value: 'champion' };

test('conditions become a filter', () => {
  expect(filterOf([], 'all')).toBeUndefined();
  expect(literalOf(filterOf([accuracy], 'all'))).toBe('{metadata: {card: "metrics", key: "accuracy", gte: 0.9}}');
  expect(literalOf(filterOf([accuracy, champion], 'any'))).toBe(
    '{or: [{metadata: {card: "metrics", key: "accuracy", gte: 0.9}}, {tag: {ne: "champion"}}]}',
  );
  expect(filterOf([{ field: 'fact:a', operator: 'absent', value: '' }], 'all')).toEqual({ metadata: { key: 'a', exists: false } });
  expect(filterOf([{ field: 'number', operator: 'gt', value: '3' }], 'all')).toEqual({ number: { gt: 3 } });
  expect(filterOf([{ field: 'pipeline', operator: 'eq', value: 'x' }], 'all')).toEqual({ producedBy: { pipeline: { eq: 'x' } } });
});

test('operands are JSON where they look like it', () => {
  const operand = (value: string, operator = 'eq') => filterOf([{ field: 'fact:a', operator, value }], 'all')?.metadata;
  expect(operand('1')).toEqual({ key: 'a', eq: 1 });
  expect(operand('"1"')).toEqual({ key: 'a', eq: '1' });
  expect(operand('1.5 GiB', 'lt')).toEqual({ key: 'a', lt: '1.5 GiB' });
  expect(operand('true')).toEqual({ key: 'a', eq: true });
  expect(operand('{')).toEqual({ key: 'a', eq: '{' });
  expect(operand('12', 'startsWith')).toEqual({ key: 'a', startsWith: '12' });
});

test('conditions survive a round trip, and nonsense is left out', () => {
  expect(parseConditions([accuracy, champion].map(conditionText))).toEqual([accuracy, champion]);
  expect(parseConditions(['', '{}', '[1,2,3]', '["nothing","eq","1"]', '["tag","like","x"]'])).toEqual([]);
});
