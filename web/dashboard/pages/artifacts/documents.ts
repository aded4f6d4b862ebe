import { graphql } from '../../api/graphql';

/** The list of artifacts by their latest versions, with its facets. */
export const Artifacts = graphql(`
  query Artifacts(
    $project: String!
    $where: ArtifactVersionFilter
    $whereTypes: ArtifactVersionFilter
    $whereTags: ArtifactVersionFilter
    $orderBy: [ArtifactVersionOrder!]
    $keys: [MetadataKeyInput!]!
  ) {
    project(name: $project) { id }
    artifactVersions(project: $project, where: $where, orderBy: $orderBy, first: 50) {
      totalCount
      totalCountCapped
      pageInfo { hasNextPage endCursor }
      nodes {
        id version number type tags createdAt lastLoggedAt
        columns(keys: $keys) { id card key kind display extendedJson }
        artifact { id name description aliases { name artifactVersion { id version } } }
      }
    }
    typeUsage(project: $project, where: $whereTypes, first: 20) { nodes { type versionCount } }
    tagUsage(project: $project, where: $whereTags, first: 20) { nodes { tag versionCount } }
  }
`);

/** The next page of the list. */
export const MoreArtifacts = graphql(`
  query MoreArtifacts(
    $project: String
    $where: ArtifactVersionFilter
    $orderBy: [ArtifactVersionOrder!]
    $keys: [MetadataKeyInput!]!
    $after: String!
  ) {
    artifactVersions(project: $project, where: $where, orderBy: $orderBy, first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id version number type tags createdAt lastLoggedAt
        columns(keys: $keys) { id card key kind display extendedJson }
        artifact { id name description aliases { name artifactVersion { id version } } }
      }
    }
  }
`);

/** The facts of the artifacts that changed last, from which the default columns are chosen. */
export const RecentFacts = graphql(`
  query RecentFacts($project: String) {
    artifactVersions(
      project: $project
      where: { alias: { eq: "latest" } }
      orderBy: [{ field: LAST_LOGGED_AT, direction: DESC }]
      first: 12
    ) {
      nodes { id metadata { id card key kind display } }
    }
  }
`);
