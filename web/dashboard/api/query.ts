// How pages read from the API and write to it.

import { useCallback, useEffect, useRef } from 'react';
import { type AnyVariables, type CombinedError, useClient, useQuery } from 'urql';

import { type Failure, failureOf } from './failure';
import type { TypedDocumentString } from './gen/graphql';
import { useRegisterQuery } from './page-query';

export interface Answer<Data> {
  /** The data. While other variables are loading it is that of the previous ones. */
  data?: Data;
  /** The first error. Data and failure may both exist, because a failing field leaves the rest. */
  failure?: Failure;
  /** True until the data of the present variables have arrived. */
  loading: boolean;
  /** Asks the server again. */
  reload(): void;
}

interface Options {
  /** Does not ask while true. */
  pause?: boolean;
}

/** Reads a document from the API. The cache answers first where it can, and the server answers next. */
export function useRead<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  { pause = false }: Options = {},
): Answer<Data> {
  const [result, execute] = useQuery<Data, AnyVariables>({
    query: document.toString(),
    variables: variables as AnyVariables,
    pause,
    requestPolicy: 'cache-and-network',
  });
  const latest = useRef<Data | undefined>(undefined);
  if (result.data) latest.current = result.data;
  const reload = useCallback(() => execute({ requestPolicy: 'network-only' }), [execute]);
  return {
    data: result.data ?? (result.fetching ? latest.current : undefined),
    failure: failureOf(result.error),
    loading: result.fetching && !result.stale,
    reload,
  };
}

/** Reads the main document of a page. The link to GraphiQL opens it, and "Refresh" reads it again. */
export function usePageRead<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  options?: Options,
): Answer<Data> {
  const answer = useRead(document, variables, options);
  useRegisterQuery(document.toString(), variables, answer.reload);
  return answer;
}

/** Returns a function that reads a document once, such as the next page of a list. It throws a Failure. */
export function useReadOnce() {
  const client = useClient();
  return useCallback(
    async <Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables): Promise<Data> => {
      const result = await client.query<Data>(document.toString(), variables as AnyVariables, { requestPolicy: 'network-only' });
      return dataOrThrow(result);
    },
    [client],
  );
}

/** Returns a function that executes a mutation. It throws a Failure. */
export function useWrite() {
  const client = useClient();
  return useCallback(
    async <Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables): Promise<Data> =>
      dataOrThrow(await client.mutation<Data>(document.toString(), variables as AnyVariables)),
    [client],
  );
}

function dataOrThrow<Data>({ data, error }: { data?: Data; error?: CombinedError }): Data {
  const failure = failureOf(error);
  if (failure) throw failure;
  return data as Data;
}

/** Calls a function at an interval, in seconds, while the tab is visible. */
export function useInterval(action: () => void, seconds: number) {
  const latest = useRef(action);
  useEffect(() => {
    latest.current = action;
  });
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') latest.current();
    }, seconds * 1000);
    return () => clearInterval(timer);
  }, [seconds]);
}
