import type { TimelineEventKind } from '../../api/gen/graphql';
import { choiceOf, type Parameters, textOf, textsOf } from '../../app/address';

/** The kinds of events with their names, in the order of the filter. */
export const kindNames: Record<TimelineEventKind, string> = {
  VERSION_CREATED: 'version created',
  METADATA_LOGGED: 'facts logged',
  METADATA_RETRACTED: 'facts retracted',
  METADATA_ERASED: 'facts erased',
  ALIAS_SET: 'alias set',
  ALIAS_REMOVED: 'alias removed',
  TAG_ADDED: 'tags added',
  TAG_REMOVED: 'tags removed',
  PIPELINE_RUN_STARTED: 'run started',
  PIPELINE_RUN_FINISHED: 'run finished',
  PIPELINE_RUN_DELETED: 'run deleted',
  VERSION_DELETED: 'version deleted',
  ARTIFACT_DELETED: 'artifact deleted',
};

export const kinds = Object.keys(kindNames) as TimelineEventKind[];

/** The ages that the list can be restricted to, in hours. */
export const ages = { any: 0, day: 24, week: 168, month: 720 } as const;
export type Age = keyof typeof ages;

/** What the activity shows. */
export interface ActivityAddress {
  project?: string;
  kinds?: TimelineEventKind[];
  age?: Age;
}

export function parseActivityAddress(parameters: Parameters): ActivityAddress {
  return {
    project: textOf(parameters.project),
    kinds: textsOf(parameters.kinds)?.filter((kind): kind is TimelineEventKind => kind in kindNames),
    age: choiceOf(parameters.age, ['day', 'week', 'month']),
  };
}
