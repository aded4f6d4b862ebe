// Talks to the GraphQL endpoint beside this page.

import type { Fetcher } from '@graphiql/toolkit';
import { parse } from 'graphql';
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

/** Sends one request. Fails where there is no answer, or none in JSON. */
export async function ask(
  body: { query: string; variables?: unknown; operationName?: string | null },
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<unknown> {
  let response;
  try {
    response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        // Under the other media type a refused query has a status of its own, and the browser would complain of it.
        accept: 'application/json',
        'content-type': 'application/json',
        ...sendable(headers),
      },
      body: JSON.stringify(body),
      signal,
    });
  } catch (error) {
    throw new Error(`The server could not be asked: ${error instanceof Error ? error.message : error}`);
  }
  const text = await response.text();
  try {
    return parseExactly(text);
  } catch {
    throw new Error(`The server answered ${response.status} ${response.statusText}: ${text.slice(0, 500)}`);
  }
}

/** The headers without those that still have the … of the placeholder, which no header can have. */
const sendable = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).filter(([, value]) => !String(value).includes('…')));

interface Problem {
  message: string;
  extensions?: { code?: string };
}

/** The errors of an answer. */
export const problemsOf = (answer: unknown): Problem[] => (answer as { errors?: Problem[] } | null)?.errors ?? [];

/**
 * GraphiQL learns the names of the operations a moment after a tab is shown. Who is faster than that would ask for an
 * operation of the tab before: where there is only one operation, it is meant.
 */
function operationIn(query: string, name?: string | null) {
  try {
    const operations = parse(query).definitions.filter((definition) => definition.kind === 'OperationDefinition');
    return operations.length === 1 ? operations[0].name?.value : name;
  } catch {
    return name; // The server says what is wrong with the query.
  }
}

/** A fetcher for GraphiQL: `variablesText` gives the text of the variables editor, and `onAnswer` gets each answer. */
export function createFetcher(variablesText: () => string, onAnswer: (answer: unknown) => void): Fetcher {
  return async ({ query, operationName, variables: read }, options) => {
    let variables: unknown = read;
    if (read) {
      try {
        variables = parseExactly(stripComments(variablesText()));
      } catch {
        // GraphiQL reads more than JSON, such as a comma at the end; then what it has read is good enough.
      }
    }
    try {
      const answer = await ask({ query, operationName: operationIn(query, operationName), variables }, options?.headers);
      onAnswer(answer);
      return answer as never;
    } catch (error) {
      return { errors: [{ message: (error as Error).message }] as never };
    }
  };
}
