// A client with a normalised cache keeps the past and the present of a version apart: node normalised.mjs URL.
import assert from 'node:assert/strict';
import { Client, fetchExchange, gql } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';

const [url] = process.argv.slice(2);
let requests = 0;
const counting = (...args) => {
  requests += 1;
  return fetch(...args);
};
const client = new Client({
  url,
  fetch: counting,
  preferGetMethod: false,
  exchanges: [
    cacheExchange({ keys: { MetadataCard: () => null, ArtifactVersionConnection: () => null, StepRunConnection: () => null } }),
    fetchExchange,
  ],
});

const send = async (kind, document, variables, requestPolicy = 'cache-first') => {
  const result = await client[kind](document, variables, { requestPolicy }).toPromise();
  if (result.error) throw result.error;
  return result.data;
};

const create = gql`
  mutation ($input: CreateArtifactVersionInput!) {
    createArtifactVersion(input: $input) { artifactVersion { __typename id artifact { __typename id } } }
  }
`;
const log = gql`
  mutation ($input: LogMetadataInput!) {
    logMetadata(input: $input) { entries { __typename id loggedAt } }
  }
`;
const page = gql`
  query ($id: ID!, $asOf: DateTime) {
    artifactVersion(ref: { id: $id }, asOf: $asOf) {
      __typename id metadataJson aliases
      artifact { __typename id latestVersion { __typename id number } }
    }
  }
`;

const made = (await send('mutation', create, { input: { artifact: 'cached', metadata: { stage: 'draft' } } })).createArtifactVersion.artifactVersion;
const target = { artifactVersionId: made.id };
const then = (await send('mutation', log, { input: { target, metadata: { ready: false } } })).logMetadata.entries[0].loggedAt;
await send('mutation', log, { input: { target, metadata: { stage: 'approved' } } });
await send('mutation', create, { input: { artifact: 'cached' } });

const now = (await send('query', page, { id: made.id })).artifactVersion;
assert.deepEqual(now.metadataJson, { stage: 'approved', ready: false });
assert.equal(now.artifact.latestVersion.number, 2);
const past = (await send('query', page, { id: made.id, asOf: then })).artifactVersion;
assert.deepEqual(past.metadataJson, { stage: 'draft', ready: false });
assert.equal(past.artifact.latestVersion.number, 1);
assert.notEqual(past.id, now.id);
assert.notEqual(past.artifact.id, now.artifact.id);

// The cache answers both again without a request: the past has not replaced the present.
const before = requests;
assert.deepEqual((await send('query', page, { id: made.id }, 'cache-only')).artifactVersion, now);
assert.deepEqual((await send('query', page, { id: made.id, asOf: then }, 'cache-only')).artifactVersion, past);
assert.equal(requests, before);

// The control: a server that gave both the same ID would show the past as the present.
const plain = (data) => data.id.split('@')[0];
const careless = new Client({
  url,
  preferGetMethod: false,
  exchanges: [cacheExchange({ keys: { ArtifactVersion: plain, Artifact: plain } }), fetchExchange],
});
const read = async (asOf, requestPolicy) =>
  (await careless.query(page, { id: made.id, asOf }, { requestPolicy }).toPromise()).data.artifactVersion;
await read(undefined, 'network-only');
await read(then, 'network-only');
assert.deepEqual((await read(undefined, 'cache-only')).metadataJson, past.metadataJson);
console.log('the normalised cache keeps the past and the present');
