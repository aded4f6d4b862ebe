// Errors of the API, as pages show them.

import type { CombinedError } from 'urql';

/** A failed request or a failed field. */
export class Failure extends Error {
  constructor(
    message: string,
    /** `extensions.code` of the API, or NETWORK without a response. */
    readonly code: string,
    /** The ID with which the log of the server has more about an internal error. */
    readonly requestId?: string,
    /** Names that the API suggests. */
    readonly candidates: readonly string[] = [],
  ) {
    super(message);
  }
}

/** Returns the first error of a result, or undefined. */
export function failureOf(error: CombinedError | undefined): Failure | undefined {
  if (!error) return undefined;
  const [first] = error.graphQLErrors;
  if (!first) return new Failure(error.networkError?.message ?? error.message, 'NETWORK');
  const { code, requestId, candidates } = first.extensions;
  return new Failure(
    first.message,
    typeof code === 'string' ? code : 'INTERNAL',
    typeof requestId === 'string' ? requestId : undefined,
    Array.isArray(candidates) ? candidates.filter((name) => typeof name === 'string') : [],
  );
}
