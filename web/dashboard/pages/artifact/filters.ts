// The conditions of the filter builder, and the filter of the API that they mean.

import type { ArtifactVersionFilter, MetadataFilter, StringFilter } from '../../api/gen/graphql';
import { parseKeyText } from '../../app/address';

/** One condition. `field` is one of `fields`, or `fact:` and the text of a key. */
export interface Condition {
  field: string;
  operator: string;
  value: string;
}

export type Match = 'all' | 'any';

interface Field {
  text: string;
  operators: readonly string[];
  /** Returns the filter of an operator with a parsed value. */
  filter(condition: object): ArtifactVersionFilter;
}

const textOperators = ['eq', 'ne', 'contains', 'startsWith', 'endsWith', 'exists', 'absent'] as const;
const orderOperators = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte'] as const;
const timeOperators = ['gt', 'gte', 'lt', 'lte', 'exists', 'absent'] as const;

/** The fields of a version that can be filtered. */
export const fields: Record<string, Field> = {
  version: { text: 'Version', operators: textOperators.slice(0, 5), filter: (version) => ({ version }) },
  number: { text: 'Number', operators: orderOperators, filter: (number) => ({ number }) },
  type: { text: 'Type', operators: textOperators, filter: (type) => ({ type }) },
  tag: { text: 'Tag', operators: textOperators, filter: (tag) => ({ tag }) },
  alias: { text: 'Alias', operators: textOperators, filter: (alias) => ({ alias }) },
  createdAt: { text: 'Created', operators: timeOperators.slice(0, 4), filter: (createdAt) => ({ createdAt }) },
  createdBy: { text: 'Created by', operators: textOperators, filter: (createdBy) => ({ createdBy }) },
  lastLoggedAt: { text: 'Last fact', operators: timeOperators, filter: (lastLoggedAt) => ({ lastLoggedAt }) },
  pipeline: {
    text: 'Pipeline',
    operators: textOperators.slice(0, 5),
    filter: (pipeline) => ({ producedBy: { pipeline: pipeline as StringFilter } }),
  },
  consumer: {
    text: 'Used by pipeline',
    operators: textOperators.slice(0, 5),
    filter: (pipeline) => ({ consumedBy: { pipeline: pipeline as StringFilter } }),
  },
};

/** The operators of a metadata key. */
export const factOperators = [
  'eq',
  'ne',
  'gt',
  'gte',
  'lt',
  'lte',
  'contains',
  'startsWith',
  'endsWith',
  'exists',
  'absent',
] as const;

/** The operators as people read them. */
export const operatorTexts: Record<string, string> = {
  eq: '=',
  ne: '≠',
  gt: '>',
  gte: '≥',
  lt: '<',
  lte: '≤',
  contains: 'contains',
  startsWith: 'begins with',
  endsWith: 'ends with',
  exists: 'has a value',
  absent: 'has no value',
};

/** Reports whether an operator is compared with a value. */
export const hasOperand = (operator: string) => operator !== 'exists' && operator !== 'absent';

/** Returns the operators of a field. */
export const operatorsOf = (field: string): readonly string[] => fields[field]?.operators ?? factOperators;

/** Returns the filter of conditions, or undefined without any. */
export function filterOf(conditions: readonly Condition[], match: Match): ArtifactVersionFilter | undefined {
  const filters = conditions.map(filterOfCondition);
  if (filters.length <= 1) return filters[0];
  return match === 'all' ? { and: filters } : { or: filters };
}

function filterOfCondition({ field, operator, value }: Condition): ArtifactVersionFilter {
  const known = fields[field];
  if (known)
    return known.filter(
      hasOperand(operator)
        ? { [operator]: field === 'number' ? Number(value) : value }
        : { exists: operator === 'exists' },
    );
  const key = parseKeyText(field.replace(/^fact:/, ''));
  const condition = hasOperand(operator)
    ? { [operator]: operandOf(operator, value) }
    : { exists: operator === 'exists' };
  return { metadata: { ...key, ...condition } as MetadataFilter };
}

/**
 * Returns the operand that a person typed: a number, `true`, `false`, `null` or quoted text as in JSON, else the text
 * itself. The API reads a text such as "1.5GiB" or "90s" as a number too.
 */
function operandOf(operator: string, value: string): unknown {
  if (operator === 'startsWith' || operator === 'endsWith') return value;
  try {
    const parsed: unknown = JSON.parse(value);
    if (parsed === null || typeof parsed !== 'object') return parsed;
  } catch {
    // It is a text.
  }
  return value;
}

/** Returns the text of a condition in an address. */
export const conditionText = ({ field, operator, value }: Condition) => JSON.stringify([field, operator, value]);

/** Returns the conditions of an address. It leaves out what is no condition. */
export function parseConditions(texts: readonly string[]): Condition[] {
  return texts.flatMap((text) => {
    try {
      const [field, operator, value] = JSON.parse(text) as unknown[];
      const isText = typeof field === 'string' && typeof operator === 'string' && typeof value === 'string';
      const isKnown = isText && (field in fields || field.startsWith('fact:')) && operatorsOf(field).includes(operator);
      return isKnown ? [{ field, operator, value }] : [];
    } catch {
      return [];
    }
  });
}

/** Returns an input as a literal of GraphQL. */
export function literalOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literalOf).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([name, member]) => `${name}: ${literalOf(member)}`).join(', ')}}`;
  }
  return JSON.stringify(value);
}
