import { graphql } from '../../api/graphql';

/** The list of pipeline runs, with the pipelines as a facet. */
export const Runs = graphql(`
  query Runs($project: String!, $where: PipelineRunFilter, $orderBy: [PipelineRunOrder!]) {
    project(name: $project) { id }
    pipelineRuns(project: $project, where: $where, orderBy: $orderBy, first: 50) {
      totalCount
      totalCountCapped
      pageInfo { hasNextPage endCursor }
      nodes {
        id pipeline status startedAt finishedAt createdBy lastLoggedAt
        stepRuns(first: 12) { totalCount nodes { id name status } }
      }
    }
    pipelineUsage(project: $project, first: 20) { nodes { pipeline runCount } }
  }
`);

/** The next page of the list. */
export const MoreRuns = graphql(`
  query MoreRuns($project: String, $where: PipelineRunFilter, $orderBy: [PipelineRunOrder!], $after: String!) {
    pipelineRuns(project: $project, where: $where, orderBy: $orderBy, first: 50, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id pipeline status startedAt finishedAt createdBy lastLoggedAt
        stepRuns(first: 12) { totalCount nodes { id name status } }
      }
    }
  }
`);
