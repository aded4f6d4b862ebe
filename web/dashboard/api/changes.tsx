// Notices changes on the server. This is the only place that asks for them, so that subscriptions can replace it.

import { useCallback, useEffect, useState } from 'react';

import { graphql } from './graphql';
import { useInterval, useReadOnce } from './query';

/** The time between two questions, in seconds. */
const interval = 5;

const NewestEvent = graphql(`
  query NewestEvent($project: String!) {
    project(name: $project) {
      id
      timeline(first: 1) { nodes { id } }
    }
  }
`);

/**
 * Reports whether the project has events that are newer than the page. `accept` is called when a person reads the page
 * again. It asks every few seconds while the tab is visible, and `online` is false while the server does not respond.
 */
export function useChanges(project: string | undefined) {
  const readOnce = useReadOnce();
  const [shown, setShown] = useState<string>();
  const [newest, setNewest] = useState<string>();
  const [online, setOnline] = useState(true);

  const ask = useCallback(() => {
    if (!project) return;
    readOnce(NewestEvent, { project }).then(
      (data) => {
        const id = data.project?.timeline?.nodes[0]?.id ?? 'none';
        setNewest(id);
        setShown((before) => before ?? id);
        setOnline(true);
      },
      (failure) => setOnline(failure.code !== 'NETWORK'),
    );
  }, [project, readOnce]);
  useEffect(() => {
    setShown(undefined);
    ask();
  }, [ask]);
  useInterval(ask, interval);

  return { changed: newest !== shown, online, accept: () => setShown(newest) };
}
