import { graphql } from '../../api/graphql';

/** The comparison in one request. */
export const Compare = graphql(`
  query Compare($refs: [ArtifactVersionRef!]!, $baseline: ArtifactVersionRef, $onlyDiffering: Boolean!) {
    compareArtifactVersions(refs: $refs, baseline: $baseline, onlyDiffering: $onlyDiffering) {
      baseline { id }
      versions {
        id version number type tags aliases createdAt createdBy
        artifact { id name }
        producer { stepRun { id name status pipelineRun { id pipeline } } }
      }
      rows {
        card key differs
        cells {
          entry { id kind display extendedJson }
          delta relativeDelta
          added { ... on DisplayValue { display } }
          removed { ... on DisplayValue { display } }
        }
      }
      inputs { name differs versions { id version artifact { id name } } }
    }
  }
`);

/** Versions that can be added to a comparison. */
export const Candidates = graphql(`
  query Candidates($project: String, $where: ArtifactVersionFilter) {
    artifactVersions(project: $project, where: $where, first: 40) {
      nodes { id version number type aliases createdAt artifact { id name } }
    }
  }
`);
