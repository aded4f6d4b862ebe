import type { AuditAction } from '../../api/gen/graphql';
import { choiceOf, type Parameters, textOf, textsOf } from '../../app/address';

export const views = ['project', 'keys', 'audit'] as const;
export type View = (typeof views)[number];

/** The audited actions with their names, in the order of the filter. */
export const actionNames: Record<AuditAction, string> = {
  API_KEY_CREATED: 'key created',
  API_KEY_REVOKED: 'key revoked',
  ALIAS_SET: 'alias set',
  ALIAS_REMOVED: 'alias removed',
  METADATA_RETRACTED: 'facts retracted',
  METADATA_ERASED: 'facts erased',
  ARTIFACT_UPDATED: 'artifact described',
  ARTIFACT_VERSION_UPDATED: 'version described',
  PROJECT_CREATED: 'project created',
  PROJECT_UPDATED: 'project described',
  PROJECT_IMPORTED: 'project imported',
  ARTIFACT_VERSION_DELETED: 'version deleted',
  ARTIFACT_DELETED: 'artifact deleted',
  PIPELINE_RUN_DELETED: 'run deleted',
  PROJECT_DELETED: 'project deleted',
};

export const actions = Object.keys(actionNames) as AuditAction[];

/** What the settings show. */
export interface SettingsAddress {
  project?: string;
  view?: View;
  /** The actions of the audit events. */
  actions?: AuditAction[];
}

export function parseSettingsAddress(parameters: Parameters): SettingsAddress {
  return {
    project: textOf(parameters.project),
    view: choiceOf(parameters.view, views),
    actions: textsOf(parameters.actions)?.filter((action): action is AuditAction => action in actionNames),
  };
}
