// What a first visit opens. GraphiQL names a tab after its first operation.

import type { Examples } from './examples';
import cards from './tabs/cards.graphql?raw';
import compare from './tabs/compare.graphql?raw';
import find from './tabs/find.graphql?raw';
import history from './tabs/history.graphql?raw';
import latest from './tabs/latest.graphql?raw';
import lineage from './tabs/lineage.graphql?raw';
import past from './tabs/past.graphql?raw';
import runs from './tabs/runs.graphql?raw';
import step from './tabs/step.graphql?raw';
import versions from './tabs/versions.graphql?raw';

export interface Tab {
  query: string;
  variables: string;
}

const tab = (query: string, variables: unknown): Tab => ({ query, variables: JSON.stringify(variables, null, 2) });

/** The tabs, with variables that stand for something on this server as far as the examples go. */
export function tabsWith({ read, write }: Examples): Tab[] {
  const newest = { named: { name: read.name } };
  const accuracy = { card: 'metrics', key: 'accuracy' };
  return [
    tab(latest, { ref: newest }),
    tab(cards, { ref: newest }),
    tab(history, { ref: newest, key: read.key, card: read.card }),
    tab(versions, {
      name: write.name,
      version: write.version,
      alias: write.alias,
      id: write.versionId,
      metadata: {
        note: { $markdown: '**checked by hand**' },
        review: { approved: true, score: 0.9, took: { $duration: 90 } },
      },
      entries: [
        { key: 'archive_size', value: { storageSize: 1500000 } },
        { key: 'labels', card: 'review', value: { set: [{ string: 'a' }, { string: 'b' }] } },
      ],
    }),
    tab(step, {
      runId: 'comes from Step1_StartRun',
      trainId: 'comes from Step2_StartSteps',
      evaluateId: 'comes from Step2_StartSteps',
    }),
    tab(runs, {
      stepRunId: write.stepRunId,
      pipelineRunId: write.pipelineRunId,
      metadata: { commit: '4f2c1d9', cost: { gpu_hours: 1.5 } },
    }),
    tab(find, {
      where: {
        and: [{ metadata: { ...accuracy, gte: 0.9 } }, { not: { alias: { eq: 'best' } } }],
      },
      orderBy: [{ metadata: accuracy, direction: 'DESC' }],
    }),
    tab(compare, {
      refs: [
        { named: { name: read.name, version: read.oldest } },
        { named: { name: read.name, version: read.version } },
      ],
    }),
    tab(lineage, { ref: newest }),
    tab(past, { ref: { named: { name: read.name, version: read.version } }, asOf: read.createdAt }),
  ];
}
