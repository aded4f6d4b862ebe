// What each client with a normalised cache does, whichever it is, and controls that fail without its settings.
import assert from 'node:assert/strict';

export type Fetch = typeof globalThis.fetch;

/** A row of the list of versions. */
export interface Row {
  number: number;
  aliases: readonly string[];
  loss: string | null | undefined;
}

/** The view of a version, or the present version. */
export interface Version {
  id: string;
  metadataJson: Record<string, unknown>;
  latest: number | undefined;
}

/** A client under test. A function with `fromCache` reads the cache alone, and fails if that lacks a field. */
export interface CachingClient {
  /** Fetches the page after a cursor, or the first one, and returns the cursor of its end. */
  fetchPage(after: string | null): Promise<string | null | undefined>;
  /** Returns the rows of all fetched pages from the cache. */
  rows(): Row[];
  /** Logs the loss of a version. */
  log(artifactVersionId: string, loss: number): Promise<void>;
  version(id: string, asOf: string | null, fromCache: boolean): Promise<Version>;
  /** Returns the distances of the versions upstream of one, by number. */
  distances(id: string, fromCache: boolean): Promise<Record<number, number | null | undefined>>;
}

/** Creates a client. Without `distinct` it stores versions with a distance by their ID alone. */
export type CreateClient = (url: string, fetch: Fetch, distinct: boolean) => CachingClient;

/** Creates three versions, each made from the one before, and returns their IDs and an instant before the last log. */
async function seed(url: string): Promise<{ ids: string[]; then: string }> {
  const send = async (query: string, variables: object) => {
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    const { data, errors } = (await response.json()) as { data: any; errors?: unknown };
    assert.equal(errors, undefined);
    return data.result;
  };
  const start = 'mutation ($i: StartPipelineRunInput!) { result: startPipelineRun(input: $i) { pipelineRun { id } } }';
  const step = 'mutation ($i: StartStepRunInput!) { result: startStepRun(input: $i) { stepRun { id } } }';
  const create =
    'mutation ($i: CreateArtifactVersionInput!) { result: createArtifactVersion(input: $i) { artifactVersion { id } } }';
  const log = 'mutation ($i: LogMetadataInput!) { result: logMetadata(input: $i) { entries { loggedAt } } }';
  const pipelineRunId = (await send(start, { i: { pipeline: 'p' } })).pipelineRun.id;
  const ids: string[] = [];
  for (const name of ['one', 'two', 'three']) {
    const inputs = ids.slice(-1).map((artifactVersionId) => ({ name: 'in', artifactVersionId }));
    const { stepRun } = await send(step, { i: { pipelineRunId, name, inputs, outputs: [{ name: 'out' }] } });
    const input = { artifact: 'cached', metadata: { stage: 'draft' }, output: { stepRunId: stepRun.id, name: 'out' } };
    ids.push((await send(create, { i: input })).artifactVersion.id);
    if (ids.length === 1) await send(log, { i: { target: { artifactVersionId: ids[0] }, metadata: { loss: 0.75 } } });
  }
  const target = { artifactVersionId: ids[0] };
  const then = (await send(log, { i: { target, metadata: { ready: false } } })).entries[0].loggedAt;
  await send(log, { i: { target, metadata: { stage: 'approved' } } });
  return { ids, then };
}

/** Reads two pages, and changes a version of the first one. */
async function checkPages(client: CachingClient, id: string, requests: () => number): Promise<void> {
  const end = await client.fetchPage(null);
  assert.deepEqual(client.rows().map((row) => row.number), [1, 2]);
  await client.fetchPage(end!);
  assert.deepEqual(client.rows().map((row) => [row.number, row.loss]), [[1, '0.75'], [2, undefined], [3, undefined]]);
  const before = requests();
  await client.log(id, 0.5);
  assert.equal(client.rows()[0].loss, '0.5');
  assert.equal(requests(), before + 1);
}

/** Reads a version and its past, and both again from the cache. */
async function checkPast(client: CachingClient, id: string, then: string): Promise<void> {
  const now = await client.version(id, null, false);
  assert.equal(now.metadataJson.stage, 'approved');
  assert.equal(now.latest, 3);
  const past = await client.version(id, then, false);
  assert.equal(past.metadataJson.stage, 'draft');
  assert.deepEqual(await client.version(id, null, true), now);
  assert.deepEqual(await client.version(id, then, true), past);
}

/** Reads the lineages of two versions that share a version, and both again from the cache. */
async function checkDistances(client: CachingClient, ids: string[]): Promise<void> {
  assert.deepEqual(await client.distances(ids[2], false), { 1: 2, 2: 1 });
  assert.deepEqual(await client.distances(ids[1], false), { 1: 1 });
  assert.deepEqual(await client.distances(ids[2], true), { 1: 2, 2: 1 });
}

/** Responds as a server that gives a view the ID of its object. */
const withEqualIDs: Fetch = async (input, init) => {
  const response = await fetch(input, init);
  const text = (await response.text()).replaceAll(/("id": ?"[^"@]+)@[^"]+"/g, '$1"');
  return new Response(text, { status: response.status, headers: { 'Content-Type': 'application/json' } });
};

/** Runs everything on the server at a URL. */
export async function run(name: string, create: CreateClient): Promise<void> {
  const url = process.argv[2];
  const { ids, then } = await seed(url);
  let requests = 0;
  const counting: Fetch = (...args) => {
    requests += 1;
    return fetch(...args);
  };
  const client = create(url, counting, true);
  await checkPages(client, ids[0], () => requests);
  await checkPast(client, ids[0], then);
  await checkDistances(client, ids);
  // The controls: equal IDs replace the present by the past, and a distance of one lineage by that of another.
  await assert.rejects(checkPast(create(url, withEqualIDs, true), ids[0], then), assert.AssertionError);
  await assert.rejects(checkDistances(create(url, fetch, false), ids), assert.AssertionError);
  console.log(`${name} keeps pages, changes, the past and distances`);
}
