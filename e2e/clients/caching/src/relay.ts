// The operations of Relay, whose compiler takes them from tagged templates and names them after this file.
import {
  commitMutation, createOperationDescriptor, fetchQuery, getRequest, type GraphQLTaggedNode,
  type OperationType,
} from 'relay-runtime';
import lineageQuery, { type relayLineageQuery } from './__generated__/relayLineageQuery.graphql';
import logMutation, { type relayLogMutation } from './__generated__/relayLogMutation.graphql';
import pageQuery, { type relayPageQuery } from './__generated__/relayPageQuery.graphql';
import versionQuery, { type relayVersionQuery } from './__generated__/relayVersionQuery.graphql';
import { createEnvironment } from './relay-environment';
import { run } from './scenario';

const graphql = String.raw;

graphql`
  query relayPageQuery($after: String, $keys: [MetadataKeyInput!]!) {
    artifactVersions(where: { artifact: { eq: "cached" } }, orderBy: [{ field: NUMBER }], first: 2, after: $after)
      @connection(key: "relay_artifactVersions", filters: ["where", "orderBy"]) {
      edges { cursor node { number aliases columns(keys: $keys) { display } } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;
graphql`
  mutation relayLogMutation($input: LogMetadataInput!, $keys: [MetadataKeyInput!]!) {
    logMetadata(input: $input) { subject { columns(keys: $keys) { display } } }
  }
`;
graphql`
  query relayVersionQuery($ref: ArtifactVersionRef!, $asOf: DateTime) {
    artifactVersion(ref: $ref, asOf: $asOf) {
      id metadataJson
      cards { name entries { value { ... on DisplayValue { display } } } }
      artifact { latestVersion { number } }
    }
  }
`;
graphql`
  query relayLineageQuery($ref: ArtifactVersionRef!) {
    artifactVersion(ref: $ref) { upstream { versions { number distance } } }
  }
`;

const keys = [{ key: 'loss' }];

run('relay', (url, fetch, distinct) => {
  const environment = createEnvironment(url, fetch, distinct ? undefined : ({ id }) => id);
  const read = <Q extends OperationType>(query: GraphQLTaggedNode, variables: Q['variables']): Q['response'] => {
    const operation = createOperationDescriptor(getRequest(query), variables);
    const { data, isMissingData } = environment.lookup(operation.fragment);
    if (isMissingData) throw new Error('the cache lacks a field');
    return data as Q['response'];
  };
  type Query = GraphQLTaggedNode;
  const load = async <Q extends OperationType>(query: Query, variables: Q['variables'], fromCache: boolean) => {
    if (!fromCache) await fetchQuery<Q>(environment, query, variables).toPromise();
    return read<Q>(query, variables);
  };
  const rows = () => read<relayPageQuery>(pageQuery, { keys, after: null }).artifactVersions!;
  return {
    fetchPage: async (after) => {
      await fetchQuery<relayPageQuery>(environment, pageQuery, { keys, after }).toPromise();
      return rows().pageInfo.endCursor;
    },
    rows: () => rows().edges.map(({ node }) => ({ ...node, loss: node.columns[0]?.display })),
    log: (artifactVersionId, loss) =>
      new Promise<void>((resolve, reject) => {
        const variables = { input: { target: { artifactVersionId }, metadata: { loss } }, keys };
        commitMutation<relayLogMutation>(environment, {
          mutation: logMutation, variables, onCompleted: () => resolve(), onError: reject,
        });
      }),
    version: async (id, asOf, fromCache) => {
      const version = (await load<relayVersionQuery>(versionQuery, { ref: { id }, asOf }, fromCache)).artifactVersion!;
      return { ...version, latest: version.artifact.latestVersion?.number };
    },
    distances: async (id, fromCache) => {
      const { upstream } = (await load<relayLineageQuery>(lineageQuery, { ref: { id } }, fromCache)).artifactVersion!;
      return Object.fromEntries(upstream!.versions.map((version) => [version.number, version.distance]));
    },
  };
});
