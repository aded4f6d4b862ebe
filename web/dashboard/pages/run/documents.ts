import { graphql } from '../../api/graphql';

/** A pipeline run with its steps in one request. */
export const Run = graphql(`
  query Run($id: ID!) {
    pipelineRun(id: $id) {
      id pipeline status startedAt finishedAt createdBy lastLoggedAt metadataExtendedJson
      stepRuns(first: 50) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes {
          id name status startedAt finishedAt metadataExtendedJson
          inputs { name artifactVersion { id version type artifact { id name } } }
          outputs { id name artifactName reused metadataExtendedJson artifactVersion { id version type artifact { id name } } }
        }
      }
    }
  }
`);

/** The next steps of a run. */
export const MoreSteps = graphql(`
  query MoreSteps($id: ID!, $after: String!) {
    pipelineRun(id: $id) {
      id
      stepRuns(first: 50, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id name status startedAt finishedAt metadataExtendedJson
          inputs { name artifactVersion { id version type artifact { id name } } }
          outputs { id name artifactName reused metadataExtendedJson artifactVersion { id version type artifact { id name } } }
        }
      }
    }
  }
`);
