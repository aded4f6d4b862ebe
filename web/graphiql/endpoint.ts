// Sends GraphQL requests to the endpoint of this server.

import type { Fetcher } from '@graphiql/toolkit';
import { parse } from 'graphql';
import { stripComments } from 'jsonc-parser';

const endpoint = new URL('../graphql', document.baseURI);

// TypeScript does not declare it yet, and older browsers lack it.
declare global {
  interface JSON {
    rawJSON?(text: string): unknown;
  }
}
type Reviver = (this: unknown, key: string, value: unknown, context?: { source?: string }) => unknown;

/** Parses JSON and keeps the spelling of numbers. JavaScript reads 1.0 as 1 and rounds above 2^53; Placard does not. */
function parseExactly(text: string) {
  const keepSource: Reviver = (_key, value, context) =>
    typeof value === 'number' && context?.source && JSON.rawJSON ? JSON.rawJSON(context.source) : value;
  return JSON.parse(text, keepSource);
}

/** Sends one request and returns the response. Throws if there is no response, or if it is not JSON. */
export async function send(
  body: { query: string; variables?: unknown; operationName?: string | null },
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<unknown> {
  let response;
  try {
    response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        // With the other media type the status of a refused query is 400, which browsers log as an error.
        accept: 'application/json',
        'content-type': 'application/json',
        ...withoutPlaceholders(headers),
      },
      body: JSON.stringify(body),
      signal,
    });
  } catch (error) {
    throw new Error(`The request failed: ${error instanceof Error ? error.message : error}`);
  }
  const text = await response.text();
  try {
    return parseExactly(text);
  } catch {
    throw new Error(`The server sent ${response.status} ${response.statusText}: ${text.slice(0, 500)}`);
  }
}

/** The headers without those that contain the … of the placeholder, which is invalid in a header. */
const withoutPlaceholders = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).filter(([, value]) => !String(value).includes('…')));

interface ResponseError {
  message: string;
  extensions?: { code?: string };
}

/** Returns the first error of a response. */
export const firstErrorOf = (response: unknown) => (response as { errors?: ResponseError[] } | null)?.errors?.[0];

/**
 * Returns the name of the operation to run. GraphiQL updates the selected name a moment after a tab is shown, so the
 * name may belong to the previous tab. If the query has a single operation, its name is right.
 */
function operationIn(query: string, selected?: string | null) {
  try {
    const operations = parse(query).definitions.filter((definition) => definition.kind === 'OperationDefinition');
    return operations.length === 1 ? operations[0].name?.value : selected;
  } catch {
    return selected; // the server reports the syntax error
  }
}

/** The state of the editors that the fetcher needs, and its notification. */
export interface Editors {
  /** Returns the text of the variables editor. */
  variables(): string;
  /** Returns the ID of the active tab. */
  activeTab(): string;
  /** Receives each response to an operation of the active tab. */
  onResponse(response: unknown): void;
}

/** Returns a fetcher for GraphiQL. */
export function createFetcher(editors: Editors): Fetcher {
  return async ({ query, operationName, variables: parsed }, options) => {
    let variables: unknown = parsed;
    if (parsed) {
      try {
        variables = parseExactly(stripComments(editors.variables()));
      } catch {
        // GraphiQL accepts more than JSON, such as a trailing comma. Its result is used then.
      }
    }
    const tab = editors.activeTab();
    let response;
    try {
      response = await send({ query, operationName: operationIn(query, operationName), variables }, options?.headers);
    } catch (error) {
      response = { errors: [{ message: (error as Error).message }] };
    }
    if (operationName === 'IntrospectionQuery') return response as never;
    // GraphiQL would show the response in the tab that is active now.
    if (tab !== editors.activeTab()) return new Promise<never>(() => {});
    editors.onResponse(response);
    return response as never;
  };
}
