import type { ArtifactVersionOrder, ArtifactVersionOrderField } from '../../api/gen/graphql';
import { choiceOf, type Parameters, parseKeyText, textOf, textsOf } from '../../app/address';
import type { Range } from '../../ui/plot-range';
import type { Match } from './filters';

export const views = ['versions', 'plot', 'keys', 'timeline'] as const;

export type View = (typeof views)[number];

/** What the page of an artifact shows. */
export interface ArtifactAddress {
  project?: string;
  name?: string;
  view?: View;
  /** The texts of the keys that are columns; absent means the default, "none" no column. */
  columns?: string[];
  /** A field of `sortFields`, or `fact:` and the text of a key. */
  sort?: string;
  order?: 'asc' | 'desc';
  /** The conditions of the filter, see `filters.ts`. */
  filters?: string[];
  match?: Match;
  /** The texts of the keys that are plotted. */
  series?: string[];
  /** The numbers of the first and the last version of the plots, such as `10..20`. */
  range?: string;
}

export function parseArtifactAddress(parameters: Parameters): ArtifactAddress {
  return {
    project: textOf(parameters.project),
    name: textOf(parameters.name),
    view: choiceOf(parameters.view, views),
    columns: textsOf(parameters.columns),
    sort: textOf(parameters.sort),
    order: choiceOf(parameters.order, ['asc', 'desc']),
    filters: textsOf(parameters.filters),
    match: choiceOf(parameters.match, ['all', 'any']),
    series: textsOf(parameters.series),
    range: textOf(parameters.range),
  };
}

/** The fields by which versions can be sorted. */
export const sortFields: Record<string, ArtifactVersionOrderField> = {
  number: 'NUMBER',
  type: 'TYPE',
  created: 'CREATED_AT',
  logged: 'LAST_LOGGED_AT',
};

export const defaultSort = { id: 'number', direction: 'desc' } as const;

/** Returns the order of the list of versions. */
export function orderOf(sort: string, direction: 'asc' | 'desc'): ArtifactVersionOrder[] {
  const by = { direction: direction === 'asc' ? 'ASC' : 'DESC', nulls: 'LAST' } as const;
  if (sort.startsWith('fact:')) return [{ ...by, metadata: parseKeyText(sort.slice('fact:'.length)) }];
  return [{ ...by, field: sortFields[sort] ?? 'NUMBER' }];
}

/** Returns the text of a range of version numbers. */
export const rangeText = (range: Range | undefined) => range && `${range[0]}..${range[1]}`;

/** Returns the range of its text, or undefined if it is none. */
export function parseRange(text: string | undefined): Range | undefined {
  const [, from, to] = /^(\d{1,9})\.\.(\d{1,9})$/.exec(text ?? '') ?? [];
  return from && Number(from) < Number(to) ? [Number(from), Number(to)] : undefined;
}
