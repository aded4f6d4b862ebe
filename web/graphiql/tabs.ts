// The tabs of a first visit.

import { demo, type Examples } from './examples';
import cards from './tabs/cards.graphql?raw';
import changed from './tabs/changed.graphql?raw';
import compare from './tabs/compare.graphql?raw';
import create from './tabs/create.graphql?raw';
import facets from './tabs/facets.graphql?raw';
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

const newTab = (query: string, variables: unknown): Tab => ({ query, variables: JSON.stringify(variables, null, 2) });

/** The first tab on a server without data. */
export const createTab = newTab(create, {
  name: demo,
  metadata: {
    framework: 'scikit-learn',
    training_data: { $storageSize: 1500000 },
    metrics: { accuracy: 0.93, training_time: { $duration: 90 } },
  },
});

/** Reports whether the page may run the query when it opens. */
export const runsAtStart = (query: string | null) => query === latest;

/** The title of a tab: the name of its first operation in words, as "Start a run" for StartARun. */
export function titleOf(query: string | null) {
  const [, name] = /^\s*(?:query|mutation|subscription)\s+([A-Za-z]\w*)/m.exec(query ?? '') ?? [];
  if (!name) return 'Untitled';
  const words = name.replaceAll('_', ' ').replace(/([a-z0-9])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$& ').split(' ');
  return words.map((word, i) => (i === 0 || /^[A-Z]{2}/.test(word) ? word : word.toLowerCase())).join(' ');
}

/** The tabs with variables from the examples. */
export function tabsWith({ read, history: repeated, write }: Examples): Tab[] {
  const newest = { named: { name: read.name } };
  const accuracy = { card: 'metrics', key: 'accuracy' };
  return [
    newTab(latest, { ref: newest }),
    newTab(cards, { ref: newest }),
    newTab(history, {
      ref: { named: { name: repeated.name, version: repeated.version } },
      key: repeated.key,
      card: repeated.card,
    }),
    newTab(versions, {
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
    newTab(step, {
      runId: 'the ID that StartARun returns',
      trainId: 'an ID that StartTheSteps returns',
      evaluateId: 'an ID that StartTheSteps returns',
    }),
    newTab(runs, {
      stepRunId: write.stepRunId,
      pipelineRunId: write.pipelineRunId,
      metadata: { commit: '4f2c1d9', cost: { gpu_hours: 1.5 } },
    }),
    newTab(find, {
      where: {
        and: [{ metadata: { ...accuracy, gte: 0.9 } }, { not: { alias: { eq: 'best' } } }],
      },
      orderBy: [{ metadata: accuracy, direction: 'DESC' }],
    }),
    newTab(facets, { ...accuracy, where: { artifact: { eq: read.name } } }),
    newTab(compare, {
      refs: [
        { named: { name: read.name, version: read.oldest } },
        { named: { name: read.name, version: read.version } },
      ],
    }),
    newTab(lineage, { ref: newest }),
    newTab(changed, { project: read.project }),
    newTab(past, { ref: { named: { name: read.name, version: read.version } }, asOf: read.createdAt }),
  ];
}
