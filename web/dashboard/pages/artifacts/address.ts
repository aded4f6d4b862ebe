import type { ArtifactVersionFilter, ArtifactVersionOrder, ArtifactVersionOrderField } from '../../api/gen/graphql';
import { choiceOf, type Parameters, parseKeyText, textOf, textsOf } from '../../app/address';

/** What the page of artifacts shows. */
export interface ArtifactsAddress {
  project?: string;
  /** Part of the name of an artifact. */
  search?: string;
  types?: string[];
  tags?: string[];
  /** The texts of the keys that are shown as columns; absent means the default, "none" no column. */
  columns?: string[];
  /** A field of `sortFields`, or `fact:` and the text of a key. */
  sort?: string;
  order?: 'asc' | 'desc';
}

/** The fields by which the list can be sorted. */
export const sortFields: Record<string, ArtifactVersionOrderField> = {
  name: 'ARTIFACT',
  version: 'NUMBER',
  type: 'TYPE',
  created: 'CREATED_AT',
  logged: 'LAST_LOGGED_AT',
};

export const defaultSort = { id: 'logged', direction: 'desc' } as const;

export function parseArtifactsAddress(parameters: Parameters): ArtifactsAddress {
  return {
    project: textOf(parameters.project),
    search: textOf(parameters.search),
    types: textsOf(parameters.types),
    tags: textsOf(parameters.tags),
    columns: textsOf(parameters.columns),
    sort: textOf(parameters.sort),
    order: choiceOf(parameters.order, ['asc', 'desc']),
  };
}

/** Returns the filter of the latest versions. A facet is not restricted by its own choice, so that a person can add to it. */
export function filterOf({ search, types, tags }: ArtifactsAddress, without?: 'types' | 'tags'): ArtifactVersionFilter {
  const and: ArtifactVersionFilter[] = [{ alias: { eq: 'latest' } }];
  if (search) and.push({ artifact: { contains: search, ignoreCase: true } });
  if (types && without !== 'types') and.push({ type: { in: types } });
  if (tags && without !== 'tags') and.push({ tag: { in: tags } });
  return { and };
}

/** Returns the order of the list. */
export function orderOf(sort: string, direction: 'asc' | 'desc'): ArtifactVersionOrder[] {
  const by = { direction: direction === 'asc' ? 'ASC' : 'DESC' } as const;
  if (sort.startsWith('fact:')) return [{ ...by, metadata: parseKeyText(sort.slice('fact:'.length)), nulls: 'LAST' }];
  return [{ ...by, field: sortFields[sort] ?? 'LAST_LOGGED_AT', nulls: 'LAST' }];
}
