import { graphql } from '../../api/graphql';

/** The page of a version in one request. */
export const VersionPage = graphql(`
  query VersionPage($ref: ArtifactVersionRef!, $asOf: DateTime) {
    artifactVersion(ref: $ref, asOf: $asOf) {
      id asOf version number type tags aliases description createdAt createdBy lastLoggedAt
      artifact { id name latestVersion { id version number } }
      cards {
        name
        entries { id card key kind display extendedJson historyCount loggedAt loggedBy }
      }
      producer {
        output { id name reused }
        stepRun {
          id name status startedAt finishedAt
          inputs { name artifactVersion { id version type artifact { id name } } }
          pipelineRun { id pipeline }
        }
      }
      consumers(first: 20) {
        totalCount
        nodes {
          id name
          pipelineRun { id pipeline }
          outputs { id name artifactVersion { id version type artifact { id name } } }
        }
      }
      changes {
        versions { id version }
        rows { card key cells { delta relativeDelta entry { id kind display } } }
      }
      timeline(first: 20) {
        nodes { id kind createdAt createdBy alias tags keys { card key } entryCount reason }
      }
    }
  }
`);

/** The history of one key: on the version itself, and over the versions of its artifact. */
export const KeyHistory = graphql(`
  query KeyHistory($ref: ArtifactVersionRef!, $asOf: DateTime, $key: String!, $card: String) {
    artifactVersion(ref: $ref, asOf: $asOf) {
      id
      number
      metadataEntry(key: $key, card: $card) { id kind display extendedJson }
      metadataHistory(key: $key, card: $card, first: 100) {
        totalCount
        nodes { id seq kind display extendedJson retracted erased reason loggedAt loggedBy stepRun { id name } }
      }
      metadataSeries(key: $key, card: $card, last: 200) { points { number entry { id } } }
      artifact {
        id
        name
        metadataSeries(key: $key, card: $card, last: 100) {
          points { number version { id version number } entry { id kind display extendedJson } }
          statistics { count min max mean }
        }
      }
    }
  }
`);

export const LogFact = graphql(`
  mutation LogFact($input: LogMetadataInput!) {
    logMetadata(input: $input) { entries { id } }
  }
`);

export const RetractFact = graphql(`
  mutation RetractFact($input: RetractMetadataInput!) {
    retractMetadata(input: $input) { entries { id } }
  }
`);
