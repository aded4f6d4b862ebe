// The operations of the clients whose types graphql-codegen generates.
import { graphql } from './gql';
import type { MetadataTarget } from './gql/graphql';

export const pageQuery = graphql(`
  query Page($after: String, $keys: [MetadataKeyInput!]!) {
    artifactVersions(where: { artifact: { eq: "cached" } }, orderBy: [{ field: NUMBER }], first: 2, after: $after) {
      edges { cursor node { id number aliases columns(keys: $keys) { id display } } }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

export const logMutation = graphql(`
  mutation Log($input: LogMetadataInput!, $keys: [MetadataKeyInput!]!) {
    logMetadata(input: $input) { subject { id columns(keys: $keys) { id display } } }
  }
`);

export const versionQuery = graphql(`
  query Version($ref: ArtifactVersionRef!, $asOf: DateTime) {
    artifactVersion(ref: $ref, asOf: $asOf) {
      id metadataJson
      cards { name entries { id value { ... on DisplayValue { display } } } }
      artifact { id latestVersion { id number } }
    }
  }
`);

export const lineageQuery = graphql(`
  query Lineage($ref: ArtifactVersionRef!) {
    artifactVersion(ref: $ref) { id upstream { versions { id number distance } } }
  }
`);

/** An input with `@oneOf` takes exactly one field. */
export const target: MetadataTarget = { artifactVersionId: '' };
// @ts-expect-error two fields
export const twoTargets: MetadataTarget = { artifactVersionId: '', stepRunId: '' };
// @ts-expect-error no field
export const noTarget: MetadataTarget = {};
