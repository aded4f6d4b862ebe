import type { ArtifactVersionRef } from '../../api/gen/graphql';
import { choiceOf, type Parameters, textOf, textsOf } from '../../app/address';

export const views = ['graph', 'list'] as const;
export type View = (typeof views)[number];

/** What the lineage shows. */
export interface LineageAddress {
  project?: string;
  /** The name of the artifact. */
  name?: string;
  /** The name of the version; the latest one when absent. */
  version?: string;
  view?: View;
  /** The instant of the past that is shown. */
  asOf?: string;
  /** The expansions, in their order: `up:` or `down:` with the ID of a version. */
  expanded?: string[];
}

export function parseLineageAddress(parameters: Parameters): LineageAddress {
  return {
    project: textOf(parameters.project),
    name: textOf(parameters.name),
    version: textOf(parameters.version),
    view: choiceOf(parameters.view, views),
    asOf: textOf(parameters.asOf),
    expanded: textsOf(parameters.expanded),
  };
}

/** Returns the reference of the version of an address. */
export const refOf = (project: string | undefined, { name = '', version }: LineageAddress): ArtifactVersionRef => ({ named: { project, name, version } });
