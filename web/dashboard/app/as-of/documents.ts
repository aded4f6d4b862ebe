import { graphql } from '../../api/graphql';

/** The instants at which a version changed, for the choice of an instant. */
export const Moments = graphql(`
  query Moments($ref: ArtifactVersionRef!) {
    artifactVersion(ref: $ref) {
      id createdAt
      timeline(first: 100) { nodes { id kind createdAt entryCount alias tags } }
    }
  }
`);
