import { Client, fetchExchange, type AnyVariables, type DocumentInput, type RequestPolicy } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { lineageQuery, logMutation, pageQuery, versionQuery } from './documents';
import { run } from './scenario';
import { createClient, keys } from './urql-client';

const columns = [{ key: 'loss' }];

run('urql', (url, fetch, distinct) => {
  const careless = [cacheExchange({ keys: { ...keys, ArtifactVersion: (data) => data.id as string } }), fetchExchange];
  const client = distinct
    ? createClient(url, fetch)
    : new Client({ url, fetch, preferGetMethod: false, exchanges: careless });
  const query = async <D, V extends AnyVariables>(document: DocumentInput<D, V>, variables: V, fromCache: boolean) => {
    const requestPolicy: RequestPolicy = fromCache ? 'cache-only' : 'network-only';
    const { data, error } = await client.query(document, variables, { requestPolicy }).toPromise();
    if (error) throw error;
    return data!;
  };
  return {
    fetchPage: async (after) => {
      const { artifactVersions } = await query(pageQuery, { after, keys: columns }, false);
      return artifactVersions!.pageInfo.endCursor;
    },
    rows: () => {
      const { data } = client.readQuery(pageQuery, { keys: columns, after: null })!;
      return data!.artifactVersions!.edges.map(({ node }) => ({ ...node, loss: node.columns[0]?.display }));
    },
    log: async (artifactVersionId, loss) => {
      const input = { target: { artifactVersionId }, metadata: { loss } };
      const { error } = await client.mutation(logMutation, { input, keys: columns }).toPromise();
      if (error) throw error;
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
