import { graphql } from '../../api/graphql';

/** The artifact with its versions. */
export const ArtifactVersions = graphql(`
  query ArtifactVersions(
    $project: String
    $name: String!
    $where: ArtifactVersionFilter
    $orderBy: [ArtifactVersionOrder!]
    $keys: [MetadataKeyInput!]!
  ) {
    artifact(project: $project, name: $name) {
      id name description createdAt createdBy updatedAt
      aliases { name artifactVersion { id version } }
      latestVersion { id version number type cards { name entries { id card key kind } } }
      versions(where: $where, orderBy: $orderBy, first: 50) {
        totalCount totalCountCapped
        pageInfo { hasNextPage endCursor }
        nodes {
          id version number type tags aliases createdAt createdBy lastLoggedAt
          columns(keys: $keys) { id card key kind display extendedJson }
          producer { stepRun { id name pipelineRun { id pipeline } } }
        }
      }
    }
  }
`);

/** The next page of versions. */
export const MoreVersions = graphql(`
  query MoreVersions(
    $project: String
    $name: String!
    $where: ArtifactVersionFilter
    $orderBy: [ArtifactVersionOrder!]
    $keys: [MetadataKeyInput!]!
    $after: String!
  ) {
    artifact(project: $project, name: $name) {
      id
      versions(where: $where, orderBy: $orderBy, first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id version number type tags aliases createdAt createdBy lastLoggedAt
          columns(keys: $keys) { id card key kind display extendedJson }
          producer { stepRun { id name pipelineRun { id pipeline } } }
        }
      }
    }
  }
`);

/** Up to four series of the artifact in one request. */
export const ArtifactSeries = graphql(`
  query ArtifactSeries(
    $project: String
    $name: String!
    $where: ArtifactVersionFilter
    $key1: String!, $card1: String
    $key2: String!, $card2: String, $has2: Boolean!
    $key3: String!, $card3: String, $has3: Boolean!
    $key4: String!, $card4: String, $has4: Boolean!
  ) {
    artifact(project: $project, name: $name) {
      id
      series1: metadataSeries(key: $key1, card: $card1, where: $where, last: 1000) { ...Line }
      series2: metadataSeries(key: $key2, card: $card2, where: $where, last: 1000) @include(if: $has2) { ...Line }
      series3: metadataSeries(key: $key3, card: $card3, where: $where, last: 1000) @include(if: $has3) { ...Line }
      series4: metadataSeries(key: $key4, card: $card4, where: $where, last: 1000) @include(if: $has4) { ...Line }
    }
  }

  fragment Line on MetadataSeries {
    pageInfo { hasPreviousPage }
    points { number version { id version number createdAt } entry { id kind display } }
    statistics { count min max mean p50 standardDeviation }
  }
`);

/** The catalogue of keys of the artifact. */
export const ArtifactKeys = graphql(`
  query ArtifactKeys($project: String, $name: String!, $search: String, $after: String) {
    artifact(project: $project, name: $name) {
      id
      metadataKeys(search: $search, first: 100, after: $after) {
        totalCount totalCountCapped
        pageInfo { hasNextPage endCursor }
        nodes { card key kinds versionCount coverage min max lastEntry { id kind display extendedJson loggedAt } }
      }
    }
  }
`);

/** The timeline of the artifact. */
export const ArtifactTimeline = graphql(`
  query ArtifactTimeline($project: String, $name: String!, $after: String) {
    artifact(project: $project, name: $name) {
      id
      timeline(first: 50, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { id kind createdAt createdBy version artifactVersion { id } alias tags keys { card key } entryCount reason }
      }
    }
  }
`);
