// The kinds of values: their groups, which share a look, and whether they are numbers.

import type { MetadataKind } from '../api/gen/graphql';

export type KindGroup = 'text' | 'number' | 'logic' | 'group' | 'place' | 'time';

const groups: Record<MetadataKind, KindGroup> = {
  STRING: 'text',
  MARKDOWN: 'text',
  INTEGER: 'number',
  FLOAT: 'number',
  STORAGE_SIZE: 'number',
  DURATION: 'time',
  TIMESTAMP: 'time',
  BOOLEAN: 'logic',
  NULL: 'logic',
  LIST: 'group',
  TUPLE: 'group',
  SET: 'group',
  DICT: 'group',
  URI: 'place',
  PATH: 'place',
  DTYPE: 'place',
};

/** Returns the group of a kind. A kind that is newer than this page is text. */
export const kindGroup = (kind: MetadataKind): KindGroup => groups[kind] ?? 'text';

/** Reports whether values of a kind are compared and drawn as numbers. */
export const isNumeric = (kind: MetadataKind) => ['INTEGER', 'FLOAT', 'STORAGE_SIZE', 'DURATION'].includes(kind);

/** Returns the name of a kind for people, such as "storage size". */
export const kindName = (kind: MetadataKind) => kind.toLowerCase().replace('_', ' ');
