// Checks the documents of the dashboard against a rule that the schema cannot express.

import { buildSchema, getNamedType, isCompositeType, isInterfaceType, isObjectType, parse, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import { expect, test } from 'vitest';

import * as generated from './gen/graphql';

const files = import.meta.glob<string>(['../../../schema.graphqls', '../../../graph/schema/*.graphqls'], { query: '?raw', import: 'default', eager: true });
const schema = buildSchema(Object.values(files).join('\n'));
const documents = Object.entries(generated).filter(([name]) => name.endsWith('Document'));

test('the documents are read', () => expect(documents.length).toBeGreaterThan(20));

// The cache stores an object by its ID. A selection without it would be stored within its parent, and would show old data.
test.each(documents)('%s selects the ID of each object that has one', (_, text) => {
  const document = parse(String(text));
  const types = new TypeInfo(schema);
  const missing: string[] = [];
  visit(
    document,
    visitWithTypeInfo(types, {
      Field(node) {
        const type = getNamedType(types.getType());
        if (!node.selectionSet || !isCompositeType(type)) return;
        const hasId = (isObjectType(type) || isInterfaceType(type)) && 'id' in type.getFields();
        const selectsId = node.selectionSet.selections.some((selection) => selection.kind === 'Field' && selection.name.value === 'id');
        if (hasId && !selectsId) missing.push(`${node.name.value}: ${type.name}`);
      },
    }),
  );
  expect(missing).toEqual([]);
});
