import { graphql } from '../../api/graphql';

/** The keys of a project or of an artifact. */
export const Keys = graphql(`
  query Keys($project: String, $artifact: String, $search: String) {
    metadataKeys(project: $project, artifact: $artifact, search: $search, first: 100) { nodes { card key } }
  }
`);
