import { useEffect, useRef, useState } from 'react';

import type { Failure } from '../../api/failure';
import { useReadOnce } from '../../api/query';
import { Expansion } from './documents';
import type { Direction, Reading } from './graph';

/** Reads the expansions of an address, each of them once. Another `root` text starts anew. */
export function useExpansions(root: string | undefined, expanded: readonly string[]) {
  const readOnce = useReadOnce();
  const [readings, setReadings] = useState<ReadonlyMap<string, Reading>>(new Map());
  const [failure, setFailure] = useState<Failure>();
  const asked = useRef(new Set<string>());

  useEffect(() => {
    asked.current = new Set();
    setReadings(new Map());
    setFailure(undefined);
  }, [root]);

  useEffect(() => {
    const present = asked.current;
    for (const text of root ? expanded : []) {
      const [direction, id] = [text.slice(0, text.indexOf(':')) as Direction, text.slice(text.indexOf(':') + 1)];
      if (present.has(text) || (direction !== 'up' && direction !== 'down')) continue;
      present.add(text);
      readOnce(Expansion, { id, up: direction === 'up' }).then(
        ({ artifactVersion }) => {
          if (asked.current !== present) return; // the lineage has started anew in the meantime
          const part = direction === 'up' ? artifactVersion?.upstream : artifactVersion?.downstream;
          setReadings((before) => new Map(before).set(text, { id, direction, part }));
        },
        (error: Failure) => setFailure(error),
      );
    }
  }, [root, expanded, readOnce]);

  const shown = expanded.map((text) => readings.get(text)).filter((reading) => reading !== undefined);
  return { readings: shown, loading: shown.length < expanded.length && !failure, failure };
}
