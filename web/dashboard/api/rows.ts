// Lists that load on page by page.

import { useCallback, useEffect, useMemo, useRef, useState } from 'react';

import type { Failure } from './failure';

interface Page<Row> {
  nodes: Row[];
  pageInfo: { hasNextPage: boolean; endCursor?: string | null };
}

/**
 * Returns the rows of a list: those of the first page, and those of the pages that `more` has read. Another first page
 * starts the list anew, so a filter, an order and a refresh need no further call.
 */
export function useRows<Row>(first: Page<Row> | null | undefined, more: (after: string) => Promise<Page<Row> | null | undefined>) {
  const [pages, setPages] = useState<Page<Row>[]>([]);
  const [failure, setFailure] = useState<Failure>();
  const reading = useRef<string>(undefined);
  const last = pages.at(-1) ?? first;

  useEffect(() => {
    setPages([]);
    setFailure(undefined);
    reading.current = undefined;
  }, [first]);

  const after = last?.pageInfo.hasNextPage ? last.pageInfo.endCursor : undefined;
  const loadMore = useCallback(() => {
    if (!after || reading.current === after) return;
    reading.current = after;
    more(after).then(
      (page) => {
        // The list may have started anew in the meantime.
        if (page && reading.current === after) setPages((before) => [...before, page]);
      },
      (error: Failure) => setFailure(error),
    );
  }, [after, more]);

  const rows = useMemo(() => (first ? [first, ...pages].flatMap((page) => page.nodes) : []), [first, pages]);
  return {
    rows,
    hasMore: Boolean(after) && !failure,
    failure,
    loadMore,
  };
}
