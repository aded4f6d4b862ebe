import { graphql } from '../../api/graphql';

/** A page of the timeline of a project. */
export const Activity = graphql(`
  query Activity($project: String!, $kinds: [TimelineEventKind!], $from: DateTime, $after: String) {
    project(name: $project) {
      id
      timeline(kinds: $kinds, from: $from, first: 50, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id kind createdAt createdBy artifactName version number alias tags keys { card key } entryCount reason pipeline status
          artifact { id }
          artifactVersion { id }
          pipelineRun { id }
        }
      }
    }
  }
`);
