// The addresses of views. Everything that a view shows is in the query string, because a name such as ".." would change
// a path. Parameters are plain texts: `?name=12` is the text 12. A list repeats its parameter.

import type { MetadataKeyInput } from '../api/gen/graphql';

/** The parameters of an address. */
export type Parameters = Record<string, string | string[] | undefined>;

/** Parses a query string. */
export function parseAddress(text: string): Parameters {
  const parameters: Parameters = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const before = parameters[name];
    parameters[name] = before === undefined ? value : [before, value].flat();
  }
  return parameters;
}

/** Returns the query string of parameters. It omits absent and empty ones. */
export function formatAddress(parameters: Record<string, unknown>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const item of [value].flat()) {
      if (item !== undefined && item !== null && item !== '') query.append(name, String(item));
    }
  }
  const text = query.toString();
  return text && `?${text}`;
}

/** Returns a parameter as one text. */
export const textOf = (value: unknown): string | undefined => {
  const [first] = [value].flat();
  return typeof first === 'string' && first !== '' ? first : undefined;
};

/** Returns a parameter as a list of texts, or undefined if it is absent. */
export const textsOf = (value: unknown): string[] | undefined => {
  const texts = [value].flat().filter((item): item is string => typeof item === 'string' && item !== '');
  return texts.length > 0 ? texts : undefined;
};

/** Returns a parameter if it is one of the choices. */
export const choiceOf = <Choice extends string>(value: unknown, choices: readonly Choice[]): Choice | undefined =>
  choices.find((choice) => choice === textOf(value));

/** Returns the text of a metadata key: `card/key`, or `key` without a card. A backslash escapes a slash. */
export function keyText({ card, key }: MetadataKeyInput): string {
  const escape = (name: string) => name.replace(/[\\/]/g, '\\$&');
  return card ? `${escape(card)}/${escape(key)}` : escape(key);
}

/** Returns the metadata key of its text. */
export function parseKeyText(text: string): MetadataKeyInput {
  const parts = [''];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '/') parts.push('');
    else parts[parts.length - 1] += text[i] === '\\' ? (text[++i] ?? '') : text[i];
  }
  const [card, ...rest] = parts;
  return rest.length > 0 ? { card, key: rest.join('/') } : { key: card };
}

/** A version by names. Without `version` it is the latest one. */
export interface VersionName {
  name: string;
  version?: string;
}

/** Returns the text of a version: `artifact/version`, or `artifact` for the latest one. It is escaped as that of a key. */
export const versionText = ({ name, version }: VersionName): string =>
  version === undefined ? keyText({ key: name }) : keyText({ card: name, key: version });

/** Returns the version of its text. */
export function parseVersionText(text: string): VersionName {
  const { card, key } = parseKeyText(text);
  return card ? { name: card, version: key } : { name: key };
}
