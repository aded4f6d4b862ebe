import type { ArtifactVersionRef } from '../../api/gen/graphql';
import { choiceOf, type Parameters, parseVersionText, textOf, textsOf } from '../../app/address';

export const views = ['facts', 'parallel', 'scatter'] as const;
export type View = (typeof views)[number];

/** The number of versions that the API compares. */
export const maxVersions = 20;

/** What the comparison shows. */
export interface CompareAddress {
  project?: string;
  /** The texts of the versions, in their order. */
  versions?: string[];
  /** The text of the version that the others are compared with; the first one when absent. */
  baseline?: string;
  view?: View;
  /** Whether keys with the same value in all versions are shown, too. */
  all?: 'yes';
  /** Part of the key of a fact. */
  search?: string;
  /** The texts of the keys that are axes of the parallel coordinates. */
  axes?: string[];
  /** The ranges of the axes, see `ranges.ts`. */
  ranges?: string[];
  /** The texts of the keys of the scatter plot. */
  x?: string;
  y?: string;
}

export function parseCompareAddress(parameters: Parameters): CompareAddress {
  return {
    project: textOf(parameters.project),
    versions: textsOf(parameters.versions),
    baseline: textOf(parameters.baseline),
    view: choiceOf(parameters.view, views),
    all: choiceOf(parameters.all, ['yes']),
    search: textOf(parameters.search),
    axes: textsOf(parameters.axes),
    ranges: textsOf(parameters.ranges),
    x: textOf(parameters.x),
    y: textOf(parameters.y),
  };
}

/** Returns the reference of a version by its text. */
export const refOf = (project: string | undefined, text: string): ArtifactVersionRef => ({ named: { project, ...parseVersionText(text) } });
