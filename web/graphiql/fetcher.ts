import type { Fetcher } from '@graphiql/toolkit';
import { stripComments } from 'jsonc-parser';

const endpoint = new URL('../graphql', document.baseURI);

// Not in the types yet, and missing in older browsers.
declare global {
  interface JSON {
    rawJSON?(text: string): unknown;
  }
}
type Reviver = (this: unknown, key: string, value: unknown, context?: { source?: string }) => unknown;

/** JSON whose numbers keep their spelling: JavaScript reads 1.0 as 1 and rounds above 2^53, Placard does neither. */
function parseExactly(text: string) {
  const keep: Reviver = (_key, value, context) =>
    typeof value === 'number' && context?.source && JSON.rawJSON ? JSON.rawJSON(context.source) : value;
  return JSON.parse(text, keep);
}

const failure = (message: string) => ({ errors: [{ message }] as never });

/** A fetcher for the endpoint beside this page; `variablesText` gives the text of the variables editor. */
export function createFetcher(variablesText: () => string): Fetcher {
  return async (params, options) => {
    let { variables } = params;
    if (variables) {
      try {
        variables = parseExactly(stripComments(variablesText()));
      } catch {
        // GraphiQL reads more than JSON, such as a comma at the end; then what it has read is good enough.
      }
    }
    try {
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: {
          accept: 'application/graphql-response+json, application/json',
          'content-type': 'application/json',
          ...options?.headers,
        },
        body: JSON.stringify({ ...params, variables }),
      });
      const text = await response.text();
      try {
        return parseExactly(text);
      } catch {
        return failure(`The server answered ${response.status} ${response.statusText}: ${text.slice(0, 500)}`);
      }
    } catch (error) {
      return failure(`The server could not be asked: ${error instanceof Error ? error.message : error}`);
    }
  };
}
