import { graphql } from '../../api/graphql';

/** A version with the nearest versions of its lineage in both directions. With `asOf`, all of them are of that instant. */
export const Lineage = graphql(`
  query Lineage($ref: ArtifactVersionRef!, $asOf: DateTime) {
    artifactVersion(ref: $ref, asOf: $asOf) {
      id asOf version type createdAt
      artifact { id name }
      upstream(depth: 4, first: 100) {
        truncated
        versions { id version type createdAt artifact { id name } }
        links { from { id } to { id } stepRun { id name pipelineRun { id pipeline } } }
      }
      downstream(depth: 4, first: 100) {
        truncated
        versions { id version type createdAt artifact { id name } }
        links { from { id } to { id } stepRun { id name pipelineRun { id pipeline } } }
      }
    }
  }
`);

/** More of the lineage, from one of its versions on. The ID of a version of the past leads to that instant. */
export const Expansion = graphql(`
  query Expansion($id: ID!, $up: Boolean!) {
    artifactVersion(ref: { id: $id }) {
      id
      upstream(depth: 4, first: 100) @include(if: $up) {
        truncated
        versions { id version type createdAt artifact { id name } }
        links { from { id } to { id } stepRun { id name pipelineRun { id pipeline } } }
      }
      downstream(depth: 4, first: 100) @skip(if: $up) {
        truncated
        versions { id version type createdAt artifact { id name } }
        links { from { id } to { id } stepRun { id name pipelineRun { id pipeline } } }
      }
    }
  }
`);
