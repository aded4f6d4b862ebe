import type { PipelineRunFilter, PipelineRunOrder, PipelineRunOrderField, RunStatus } from '../../api/gen/graphql';
import { choiceOf, type Parameters, textOf, textsOf } from '../../app/address';

/** The status that a pipeline run can have. */
export const statuses = ['RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const satisfies readonly RunStatus[];

/** What the list of runs shows. */
export interface RunsAddress {
  project?: string;
  /** Part of the name of a pipeline. */
  search?: string;
  pipelines?: string[];
  status?: RunStatus[];
  /** A field of `sortFields`. */
  sort?: string;
  order?: 'asc' | 'desc';
}

/** The fields by which the list can be sorted. */
export const sortFields: Record<string, PipelineRunOrderField> = {
  pipeline: 'PIPELINE',
  started: 'STARTED_AT',
  finished: 'FINISHED_AT',
  logged: 'LAST_LOGGED_AT',
};

export const defaultSort = { id: 'started', direction: 'desc' } as const;

export function parseRunsAddress(parameters: Parameters): RunsAddress {
  return {
    project: textOf(parameters.project),
    search: textOf(parameters.search),
    pipelines: textsOf(parameters.pipelines),
    status: textsOf(parameters.status)?.filter((status) => statuses.some((other) => other === status)) as RunStatus[] | undefined,
    sort: textOf(parameters.sort),
    order: choiceOf(parameters.order, ['asc', 'desc']),
  };
}

/** Returns the filter of the runs. */
export function filterOf({ search, pipelines, status }: RunsAddress): PipelineRunFilter {
  const and: PipelineRunFilter[] = [];
  if (search) and.push({ pipeline: { contains: search, ignoreCase: true } });
  if (pipelines) and.push({ pipeline: { in: pipelines } });
  if (status) and.push({ status: { in: status } });
  return { and };
}

/** Returns the order of the list. */
export const orderOf = (sort: string, direction: 'asc' | 'desc'): PipelineRunOrder[] => [
  { field: sortFields[sort] ?? 'STARTED_AT', direction: direction === 'asc' ? 'ASC' : 'DESC', nulls: 'LAST' },
];
