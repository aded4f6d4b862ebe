// Values that people type, as inputs of the API.

import type { MetadataKind, MetadataValueInput } from '../api/gen/graphql';
import { parseValue, type Value } from './extended';

/** What a person types for each kind. */
export const kindHints: Record<MetadataKind, string> = {
  STRING: 'Text, kept exactly.',
  INTEGER: 'A whole number of up to 64 bits, such as 42.',
  FLOAT: 'A number, such as 0.95, NaN or -Infinity.',
  BOOLEAN: 'true or false.',
  STORAGE_SIZE: 'Bytes, or a number with a unit, such as 1.5 GiB.',
  DURATION: 'Seconds, or a number with a unit, such as 90s or 1.5h.',
  TIMESTAMP: 'An instant with a time zone, such as 2026-01-31T12:00:00Z.',
  URI: 'A URI, such as https://example.com/model. It is not opened.',
  PATH: 'The path of a file.',
  DTYPE: 'The name of a data type, such as float32.',
  MARKDOWN: 'Text with Markdown formatting.',
  LIST: 'JSON, such as [1, 2.0, {"$uri": "gs://b/x"}].',
  TUPLE: 'JSON, such as [344, 8].',
  SET: 'JSON, such as ["a", "b"].',
  DICT: 'JSON, such as {"lr": 0.01}.',
  NULL: 'No value.',
};

/** Returns the input of a value that a person typed. It throws an error with a message for people. */
export function inputOf(kind: MetadataKind, text: string): MetadataValueInput {
  const trimmed = text.trim();
  switch (kind) {
    case 'STRING':
      return { string: text };
    case 'MARKDOWN':
      return { markdown: text };
    case 'INTEGER':
      return { integer: trimmed };
    case 'FLOAT':
      return floatInput(trimmed);
    case 'BOOLEAN':
      if (trimmed !== 'true' && trimmed !== 'false') throw new Error('The value must be true or false.');
      return { boolean: trimmed === 'true' };
    case 'NULL':
      return { null: true };
    case 'URI':
      return { uri: trimmed };
    case 'PATH':
      return { path: trimmed };
    case 'DTYPE':
      return { dtype: trimmed };
    case 'STORAGE_SIZE':
      return { storageSize: numberOrText(trimmed) };
    case 'DURATION':
      return { duration: numberOrText(trimmed) };
    case 'TIMESTAMP':
      return { timestamp: trimmed };
    default:
      return groupInput(kind, trimmed);
  }
}

const numberOrText = (text: string) =>
  /^-?\d+(\.\d+)?$/.test(text) && Number.isSafeInteger(Math.trunc(Number(text))) ? Number(text) : text;

function floatInput(text: string): MetadataValueInput {
  if (['NaN', 'Infinity', '-Infinity'].includes(text)) return { json: { $float: text } };
  const number = Number(text);
  if (text === '' || !Number.isFinite(number)) throw new Error('The value must be a number.');
  return { float: number };
}

function groupInput(kind: MetadataKind, text: string): MetadataValueInput {
  let value: Value;
  try {
    JSON.parse(text); // names the position of an error
    value = parseValue(text);
  } catch (error) {
    throw new Error(`The value must be JSON: ${(error as Error).message}`);
  }
  const isDict = kind === 'DICT';
  if (isDict ? !('fields' in value) : !('items' in value))
    throw new Error(`The value must be a JSON ${isDict ? 'object' : 'list'}.`);
  return inputOfValue('items' in value ? { ...value, kind: kind as 'LIST' | 'TUPLE' | 'SET' } : value);
}

/** Returns the input of a value with all kinds of its parts. */
export function inputOfValue(value: Value): MetadataValueInput {
  switch (value.kind) {
    case 'LIST':
      return { list: value.items.map(inputOfValue) };
    case 'TUPLE':
      return { tuple: value.items.map(inputOfValue) };
    case 'SET':
      return { set: value.items.map(inputOfValue) };
    case 'DICT':
      return { dict: value.fields.map(({ key, value: child }) => ({ key, value: inputOfValue(child) })) };
    case 'NULL':
      return { null: true };
    case 'BOOLEAN':
      return { boolean: value.boolean };
    default:
      return inputOf(value.kind, 'number' in value ? value.number : value.text);
  }
}
