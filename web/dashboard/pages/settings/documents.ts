import { graphql } from '../../api/graphql';

/** The project with its numbers. */
export const ProjectSettings = graphql(`
  query ProjectSettings($project: String!) {
    project(name: $project) {
      id name description createdAt artifactCount artifactVersionCount pipelineRunCount
    }
  }
`);

export const DescribeProject = graphql(`
  mutation DescribeProject($input: UpdateProjectInput!) {
    updateProject(input: $input) { project { id description } }
  }
`);

/** A page of the keys of the project. */
export const ApiKeys = graphql(`
  query ApiKeys($project: String!, $after: String) {
    apiKeys(project: $project, first: 50, after: $after) {
      totalCount
      totalCountCapped
      pageInfo { hasNextPage endCursor }
      nodes { id name prefix role createdAt createdBy lastUsedAt expiresAt revokedAt }
    }
  }
`);

export const CreateKey = graphql(`
  mutation CreateKey($input: CreateApiKeyInput!) {
    createApiKey(input: $input) { secret apiKey { id name } }
  }
`);

export const RevokeKey = graphql(`
  mutation RevokeKey($input: RevokeApiKeyInput!) {
    revokeApiKey(input: $input) { apiKey { id revokedAt } }
  }
`);

/** A page of the audit events of the project. */
export const Audit = graphql(`
  query Audit($project: String!, $where: AuditEventFilter, $after: String) {
    auditEvents(project: $project, where: $where, first: 50, after: $after) {
      totalCount
      totalCountCapped
      pageInfo { hasNextPage endCursor }
      nodes { id createdAt createdBy action description }
    }
  }
`);
