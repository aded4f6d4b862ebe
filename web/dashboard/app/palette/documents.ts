import { graphql } from '../../api/graphql';

/** The objects that a text finds. `id` is the text if it is an ID. */
export const Search = graphql(`
  query Search($project: String, $text: String!, $versions: ArtifactVersionFilter!, $id: ID!, $hasId: Boolean!) {
    node(id: $id) @include(if: $hasId) {
      __typename
      id
      ... on Artifact { name project { id name } }
      ... on ArtifactVersion { version artifact { id name project { id name } } }
      ... on PipelineRun { pipeline project { id name } }
      ... on StepRun { name pipelineRun { id pipeline project { id name } } }
    }
    artifacts(project: $project, where: { name: { contains: $text, ignoreCase: true } }, first: 8) {
      nodes { id name }
    }
    artifactVersions(project: $project, where: $versions, first: 8) {
      nodes { id version type artifact { id name } }
    }
    pipelineRuns(project: $project, where: { pipeline: { contains: $text, ignoreCase: true } }, first: 5) {
      nodes { id pipeline status startedAt }
    }
  }
`);
