import { ApolloClient, HttpLink, InMemoryCache, type OperationVariables, type TypedDocumentNode } from '@apollo/client';
import { createClient, typePolicies } from './apollo-client';
import { lineageQuery, logMutation, pageQuery, versionQuery } from './documents';
import { run } from './scenario';

const columns = [{ key: 'loss' }];

run('apollo', (url, fetch, distinct) => {
  const careless = new InMemoryCache({ typePolicies: { ...typePolicies, ArtifactVersion: {} } });
  const client = distinct
    ? createClient(url, fetch)
    : new ApolloClient({ link: new HttpLink({ uri: url, fetch }), cache: careless });
  type Document<D, V> = TypedDocumentNode<D, V>;
  const query = async <D, V extends OperationVariables>(query: Document<D, V>, variables: V, fromCache: boolean) => {
    if (fromCache) return client.cache.readQuery<D, V>({ query, variables })!;
    const options = { query, variables, fetchPolicy: 'network-only' } as ApolloClient.QueryOptions<D, V>;
    return (await client.query<D, V>(options)).data!;
  };
  return {
    fetchPage: async (after) => {
      const { artifactVersions } = await query(pageQuery, { after, keys: columns }, false);
      return artifactVersions!.pageInfo.endCursor;
    },
    rows: () => {
      const data = client.cache.readQuery({ query: pageQuery, variables: { keys: columns, after: null } })!;
      return data.artifactVersions!.edges.map(({ node }) => ({ ...node, loss: node.columns[0]?.display }));
    },
    log: async (artifactVersionId, loss) => {
      const input = { target: { artifactVersionId }, metadata: { loss } };
      await client.mutate({ mutation: logMutation, variables: { input, keys: columns } });
    },
    version: async (id, asOf, fromCache) => {
      const version = (await query(versionQuery, { ref: { id }, asOf }, fromCache)).artifactVersion!;
      return { ...version, latest: version.artifact.latestVersion?.number };
    },
    distances: async (id, fromCache) => {
      const { versions } = (await query(lineageQuery, { ref: { id } }, fromCache)).artifactVersion!.upstream!;
      return Object.fromEntries(versions.map((version) => [version.number, version.distance]));
    },
  };
});
