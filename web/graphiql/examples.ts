// Examples for the variables of the first tabs. IDs differ from server to server, so the page queries them.

import { firstErrorOf, send } from './endpoint';

/** The objects that the first tabs read and write. Texts in words are placeholders for missing objects. */
export interface Examples {
  read: { project: string; name: string; version: string; oldest: string; createdAt: string };
  /** A key that was logged more than once, if the artifact has one. Without a version, the newest one counts. */
  history: { name: string; version?: string; key: string; card: string | null };
  write: {
    name: string;
    version: string;
    alias: string;
    versionId: string;
    stepRunId: string;
    pipelineRunId: string;
  };
}

export const placeholders: Examples = {
  read: {
    project: 'default',
    name: 'name of an artifact',
    version: '2',
    oldest: '1',
    createdAt: '2026-01-02T03:04:05Z',
  },
  history: { name: 'name of an artifact', key: 'accuracy', card: 'metrics' },
  write: {
    name: 'name of an artifact',
    version: '1',
    alias: 'latest',
    versionId: 'ID of an artifact version',
    stepRunId: 'ID of a step run',
    pipelineRunId: 'ID of a pipeline run',
  },
};

// The tabs read any artifact. They write only to artifacts of examples/penguins and of the tabs themselves.
const penguins = 'penguins_model';
export const demo = 'demo_model';

const query = `query Examples($penguins: String!, $demo: String!) {
  penguins: artifact(name: $penguins) { ...Example }
  demo: artifact(name: $demo) { ...Example }
  newest: artifactVersions(first: 1) { nodes { artifact { ...Example } } }
}
fragment Example on Artifact {
  name
  project { name }
  oldest: versions(last: 1) { nodes { version } }
  newest: versions(first: 5) {
    nodes { version aliases metadataHistory(first: 30) { nodes { key card } } }
  }
  latestVersion {
    id
    version
    createdAt
    producer { stepRun { id pipelineRun { id } } }
    metadata { key card kind }
  }
}`;

interface Key {
  key: string;
  card: string | null;
}

interface Example {
  name: string;
  project: { name: string };
  oldest: { nodes: { version: string }[] };
  newest: { nodes: { version: string; aliases: string[]; metadataHistory: { nodes: Key[] } }[] };
  latestVersion: {
    id: string;
    version: string;
    createdAt: string;
    producer: { stepRun: { id: string; pipelineRun: { id: string } } } | null;
    metadata: (Key & { kind: string })[];
  } | null;
}

interface Response {
  penguins: Example | null;
  demo: Example | null;
  newest: { nodes: { artifact: Example }[] };
}

/** The examples of this server, or the error that the server sent instead. */
export interface Findings {
  examples: Examples;
  /** Whether the server has no artifact version. */
  empty?: boolean;
  /** The code of the first error: UNAUTHENTICATED without a key, FORBIDDEN if the query is not trusted. */
  code?: string;
  /** The message of the first error. */
  message?: string;
}

/** Queries the server with the given headers. It does not fail, because the page works without examples. */
export async function findExamples(headers: Record<string, string> = {}): Promise<Findings> {
  let response;
  try {
    const body = { query, variables: { penguins, demo }, operationName: 'Examples' };
    response = await send(body, headers, AbortSignal.timeout(3000));
  } catch {
    return { examples: placeholders };
  }
  const error = firstErrorOf(response);
  if (error) return { examples: placeholders, code: error.extensions?.code, message: error.message };
  const data = (response as { data: Response }).data;
  const writable = [data.penguins, data.demo].find((example) => example?.latestVersion);
  const readable = data.penguins?.latestVersion ? data.penguins : data.newest.nodes[0]?.artifact;
  if (!readable?.latestVersion) return { examples: placeholders, empty: data.newest.nodes.length === 0 };
  return {
    examples: {
      read: readExample(readable),
      history: historyExample(readable),
      write: writable ? writeExample(writable) : placeholders.write,
    },
  };
}

function readExample({ name, project, oldest, latestVersion }: Example): Examples['read'] {
  const { version, createdAt } = latestVersion!;
  return { project: project.name, name, version, oldest: oldest.nodes[0]?.version ?? version, createdAt };
}

/** Returns a key that was logged more than once to one of the newest versions, or else a key of the newest version. */
function historyExample({ name, newest, latestVersion }: Example): Examples['history'] {
  const isSame = (a: Key) => (b: Key) => a.key === b.key && a.card === b.card;
  for (const { version, metadataHistory } of newest.nodes) {
    const repeated = metadataHistory.nodes.find((entry, i, all) => all.findIndex(isSame(entry)) < i);
    if (repeated) return { name, version, key: repeated.key, card: repeated.card };
  }
  const { metadata } = latestVersion!;
  const entry = metadata.find(({ key }) => key === 'accuracy') ?? metadata.find(({ kind }) => kind === 'FLOAT') ?? metadata[0];
  const { key, card } = entry ?? placeholders.history;
  return { name, key, card };
}

function writeExample({ name, newest, latestVersion }: Example): Examples['write'] {
  const { id, version, producer } = latestVersion!;
  return {
    name,
    version,
    alias: newest.nodes.some(({ aliases }) => aliases.includes('best')) ? 'best' : 'latest',
    versionId: id,
    stepRunId: producer?.stepRun.id ?? placeholders.write.stepRunId,
    pipelineRunId: producer?.stepRun.pipelineRun.id ?? placeholders.write.pipelineRunId,
  };
}
