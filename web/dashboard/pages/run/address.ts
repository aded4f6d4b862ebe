import { type Parameters, textOf } from '../../app/address';

/** What the page of a run shows. */
export interface RunAddress {
  project?: string;
  /** The ID of the pipeline run. */
  id?: string;
}

export const parseRunAddress = (parameters: Parameters): RunAddress => ({ project: textOf(parameters.project), id: textOf(parameters.id) });
