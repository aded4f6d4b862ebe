// Values as text for people, in the same form as `display` of the API.

import type { MetadataKind } from '../api/gen/graphql';
import type { Value } from './extended';

const maxItems = 10;

/** Returns the text of a value. Long groups end with the number of items that are left out. */
export function displayOf(value: Value): string {
  switch (value.kind) {
    case 'NULL':
      return 'null';
    case 'BOOLEAN':
      return String(value.boolean);
    case 'INTEGER':
    case 'FLOAT':
      return value.number;
    case 'STORAGE_SIZE':
      return displaySize(Number(value.number));
    case 'DURATION':
      return displayDuration(Number(value.number));
    case 'TIMESTAMP':
      return displayTimestamp(value.text);
    case 'LIST':
      return `[${listOf(value.items.map(displayOf))}]`;
    case 'TUPLE':
      return `(${listOf(value.items.map(displayOf))})`;
    case 'SET':
      return `{${listOf(value.items.map(displayOf))}}`;
    case 'DICT':
      return `{${listOf(value.fields.map((field) => `${field.key}: ${displayOf(field.value)}`))}}`;
    default:
      return value.text;
  }
}

function listOf(parts: string[]): string {
  const more = parts.length - maxItems;
  return [...parts.slice(0, maxItems), ...(more > 0 ? [`… ${more} more`] : [])].join(', ');
}

const round = (number: number, decimals: number) => Math.round(number * 10 ** decimals) / 10 ** decimals;

/** Returns a number of bytes in decimal units. */
export function displaySize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];
  let unit = 0;
  for (let rounded = bytes; rounded >= 1000 && unit < units.length - 1; unit++) {
    bytes /= 1000;
    rounded = round(bytes, 2);
  }
  return `${round(bytes, 2)} ${units[unit]}`;
}

/** Returns a time span in days, hours, minutes and seconds. */
export function displayDuration(seconds: number): string {
  const sign = seconds < 0 || Object.is(seconds, -0) ? '-' : '';
  const size = Math.abs(seconds);
  if (size === 0) return `${sign}0 s`;
  if (size < 1e-6 || size >= 1e12) return `${sign}${Number(size.toPrecision(4))} s`;
  if (Math.round(size * 1e9) < 1e6) return `${sign}${round(size * 1e6, 3)} µs`;
  if (Math.round(size * 1e6) < 1e6) return `${sign}${round(size * 1e3, 3)} ms`;
  let rest = round(size, 3);
  const parts: string[] = [];
  for (const [name, length] of [['d', 86400], ['h', 3600], ['m', 60]] as const) {
    const count = Math.floor(rest / length);
    if (count > 0) parts.push(`${count} ${name}`);
    rest = round(rest - count * length, 3);
  }
  if (rest > 0) parts.push(`${rest} s`);
  return sign + parts.join(' ');
}

/** Returns a number in the unit of a kind. */
export function displayQuantity(kind: MetadataKind | null | undefined, number: number): string {
  if (kind === 'STORAGE_SIZE') return displaySize(number);
  if (kind === 'DURATION') return displayDuration(number);
  return shortNumber(String(number));
}

/** Returns an instant of RFC 3339 in UTC. */
export const displayTimestamp = (instant: string) => instant.replace('T', ' ').replace(/Z$/, ' UTC');

/** Returns a number with few digits, for tables. The exact text is shown on hover. */
export function shortNumber(text: string): string {
  const number = Number(text);
  const size = Math.abs(number);
  if (!Number.isFinite(number) || number === 0 || text.length <= 7) return text;
  if (Number.isInteger(number) && size < 1e15 && !/[.e]/i.test(text)) return groupDigits(text);
  return size >= 1e6 || size < 1e-4 ? number.toExponential(3) : String(Number(number.toPrecision(5)));
}

/** Returns an integer with narrow spaces between groups of three digits. */
export const groupDigits = (integer: string) => integer.replace(/\B(?=(\d{3})+$)/g, '\u202f');

/** Returns the first line of a Markdown text without its marks. */
export function plainText(markdown: string): string {
  const [line] = markdown.trim().split('\n', 1);
  return line.replace(/^#+\s+/, '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/(\*\*|__|`|\*)(\S(?:.*?\S)?)\1/g, '$2');
}
