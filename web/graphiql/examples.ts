// What the variables of the first tabs stand for. IDs differ from server to server, so the page asks for them.

import { ask, problemsOf } from './endpoint';

/** What is read, and what is written to. Texts in words stand for what the server does not have. */
export interface Examples {
  read: { name: string; version: string; oldest: string; createdAt: string; key: string; card: string | null };
  write: {
    name: string;
    version: string;
    alias: string;
    versionId: string;
    stepRunId: string;
    pipelineRunId: string;
  };
}

export const unknown: Examples = {
  read: {
    name: 'name of an artifact',
    version: '2',
    oldest: '1',
    createdAt: '2026-01-02T03:04:05Z',
    key: 'accuracy',
    card: 'metrics',
  },
  write: {
    name: 'name of an artifact',
    version: '1',
    alias: 'latest',
    versionId: 'ID of an artifact version',
    stepRunId: 'ID of a step run',
    pipelineRunId: 'ID of a pipeline run',
  },
};

// Whatever the server has, its newest version may be read. Only the demo's data may be written to by a click.
const demo = 'penguins_model';

const query = `query Examples($demo: String!) {
  demo: artifact(name: $demo) { ...Example }
  newest: artifactVersions(first: 1) { nodes { artifact { ...Example } } }
}
fragment Example on Artifact {
  name
  oldest: versions(last: 1) { nodes { version } }
  latestVersion {
    id
    version
    createdAt
    producer { stepRun { id pipelineRun { id } } }
    metadata { key card kind }
  }
}`;

interface Example {
  name: string;
  oldest: { nodes: { version: string }[] };
  latestVersion: {
    id: string;
    version: string;
    createdAt: string;
    producer: { stepRun: { id: string; pipelineRun: { id: string } } } | null;
    metadata: { key: string; card: string | null; kind: string }[];
  } | null;
}

interface Answer {
  demo: Example | null;
  newest: { nodes: { artifact: Example }[] };
}

/** The examples of this server, and what it said instead of answering, if it did. */
export interface Findings {
  examples: Examples;
  /** The code of the first error: UNAUTHENTICATED where a key is missing, FORBIDDEN where the query is not trusted. */
  code?: string;
  /** Its message. */
  message?: string;
}

/** Asks the server with the given headers. Failures are findings: the page works without examples. */
export async function findExamples(headers: Record<string, string> = {}): Promise<Findings> {
  let answer;
  try {
    answer = await ask({ query, variables: { demo }, operationName: 'Examples' }, headers, AbortSignal.timeout(3000));
  } catch {
    return { examples: unknown };
  }
  const [problem] = problemsOf(answer);
  if (problem) return { examples: unknown, code: problem.extensions?.code, message: problem.message };
  const data = (answer as { data: Answer }).data;
  const example = data.demo?.latestVersion ? data.demo : data.newest.nodes[0]?.artifact;
  if (!example?.latestVersion) return { examples: unknown };
  return { examples: { read: reading(example), write: example === data.demo ? writing(example) : unknown.write } };
}

function reading({ name, oldest, latestVersion }: Example): Examples['read'] {
  const { version, createdAt, metadata } = latestVersion!;
  const entry =
    metadata.find(({ key }) => key === 'accuracy') ?? metadata.find(({ kind }) => kind === 'FLOAT') ?? metadata[0];
  const { key, card } = entry ?? unknown.read;
  return { name, version, oldest: oldest.nodes[0]?.version ?? version, createdAt, key, card };
}

function writing({ name, latestVersion }: Example): Examples['write'] {
  const { id, version, producer } = latestVersion!;
  return {
    name,
    version,
    alias: 'best',
    versionId: id,
    stepRunId: producer?.stepRun.id ?? unknown.write.stepRunId,
    pipelineRunId: producer?.stepRun.pipelineRun.id ?? unknown.write.pipelineRunId,
  };
}
