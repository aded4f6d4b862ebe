// What every client here does, whichever sends it: node values.mjs URL CLIENT OPERATIONS.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Client, fetchExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { Kind, parse } from 'graphql';
import { GraphQLClient } from 'graphql-request';

const [url, name, operations] = process.argv.slice(2);
const documents = Object.fromEntries(
  parse(readFileSync(operations, 'utf8')).definitions.map((definition) => [
    definition.name.value,
    { kind: Kind.DOCUMENT, definitions: [definition] },
  ]),
);

/** Sends by graphql-request. */
function request() {
  const client = new GraphQLClient(url);
  return (operation, variables) => client.request(documents[operation], variables);
}

/** Sends by urql; with persisted queries, a query goes by its hash, and by GET if that is asked for. */
function urql(options, ...exchanges) {
  const client = new Client({ url, preferGetMethod: false, requestPolicy: 'network-only', ...options, exchanges: [...exchanges, fetchExchange] });
  return async (operation, variables) => {
    const isQuery = documents[operation].definitions[0].operation === 'query';
    const result = await client[isQuery ? 'query' : 'mutation'](documents[operation], variables).toPromise();
    if (result.error) throw result.error;
    return result.data;
  };
}

/** What was sent by the hash alone, and how it was answered. */
const byHash = [];
const watched = async (input, init) => {
  const answer = await fetch(input, init);
  const body = init?.body ? JSON.parse(init.body) : Object.fromEntries(new URL(input).searchParams);
  if (body.extensions && !body.query) {
    const { errors } = await answer.clone().json();
    byHash.push(`${init?.method ?? 'GET'} ${errors?.[0].extensions.code ?? 'known'}`);
  }
  return answer;
};

const send = {
  'graphql-request': request,
  urql,
  'urql, persisted by GET': () => urql({ fetch: watched }, persistedExchange({ preferGetForPersistedQueries: true })),
  'urql, persisted by POST': () =>
    urql({ fetch: watched }, persistedExchange({ preferGetForPersistedQueries: false, enableForMutation: true })),
}[name]();

const metadata = {
  measured: 1,
  size: { $storageSize: 1500000 },
  metrics: { accuracy: 0.95, classes: ['a', 'b'], threshold: { $float: 'NaN' } },
};
const created = await send('CreateVersion', { input: { artifact: name } });
const { id } = created.createArtifactVersion.artifactVersion;
const input = {
  target: { artifactVersionId: id },
  metadata,
  entries: [
    { key: 'rows', value: { integer: '9007199254740993' } },
    { key: 'trained', value: { timestamp: '2026-01-02T03:04:05.123456789Z' } },
  ],
};
const logged = (await send('LogValues', { input })).logMetadata.entries;
assert.deepEqual(logged.map((entry) => entry.key).sort(), ['accuracy', 'classes', 'measured', 'rows', 'size', 'threshold', 'trained']);

for (const asOf of [null, logged.at(-1).loggedAt]) {
  const version = (await send('ReadValues', { id, asOf })).artifactVersion;
  const entries = Object.fromEntries(version.metadata.map((entry) => [entry.key, entry]));
  assert.equal(entries.rows.value.integer, '9007199254740993');
  assert.equal(entries.trained.value.timestamp, '2026-01-02T03:04:05.123456789Z');
  assert.deepEqual(entries.size.value.extendedJson, metadata.size);
  assert.deepEqual(entries.threshold.value.extendedJson, metadata.metrics.threshold);
  assert.deepEqual(version.metadataJson.metrics.classes, metadata.metrics.classes);
  for (const entry of logged) {
    assert.equal(entries[entry.key].seq, entry.seq);
    assert.equal(entries[entry.key].loggedAt, entry.loggedAt);
  }
}
// A refusal keeps its code on the way through the client.
const refusal = await send('LogValues', { input: { target: { artifactVersionId: id }, metadata: { $x: 1 } } }).then(
  () => assert.fail('a bad key is accepted'),
  (error) => error.response?.errors ?? error.graphQLErrors,
);
assert.equal(refusal[0].extensions.code, 'BAD_INPUT');
assert.deepEqual(refusal[0].extensions.path, ['input', 'metadata', '$x']);
if (name.includes('persisted')) {
  const method = name.split(' ').at(-1);
  assert.ok(byHash.includes(`${method} PERSISTED_QUERY_NOT_FOUND`) && byHash.includes(`${method} known`), byHash.join());
}
console.log(`${name} reads what it has logged`);
