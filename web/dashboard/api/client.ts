// The client of the API: one per API key, so that a key sees nothing that the cache holds for another one.

import { cacheExchange } from '@urql/exchange-graphcache';
import { Client, fetchExchange, mapExchange } from 'urql';

import { embeddedTypes } from '../../../clients/typescript/placard';
import { basePath } from './base';
import { laterToken, tokenHeader } from './consistency';
import { parseResponse } from './response';

/** The token of all that this page has seen, null before the first response with one. */
let seen: string | null = null;

/**
 * Sends a request with the token of what the page has seen, and replaces the response by one whose JSON scalars are
 * texts.
 */
const fetchExactly: typeof fetch = async (input, init) => {
  const headers = new Headers(init?.headers);
  if (seen) headers.set(tokenHeader, seen);
  const response = await fetch(input, { ...init, headers });
  seen = laterToken(seen, response.headers.get(tokenHeader));
  const text = await response.text();
  let body = text;
  try {
    body = JSON.stringify(parseResponse(text));
  } catch {
    // It is no JSON, such as the error page of a proxy. The client reports that.
  }
  return new Response(body, { status: response.status, statusText: response.statusText, headers: { 'content-type': 'application/json' } });
};

/**
 * Returns a client that sends the API key, if there is one. `onRefused` is called when the server refuses the key or
 * requires one.
 */
export function createClient(apiKey: string | null, onRefused: () => void): Client {
  return new Client({
    url: `${basePath}graphql`,
    preferGetMethod: false,
    fetch: fetchExactly,
    // With the other media type of GraphQL the status of a refused query is 400, which browsers log as an error.
    fetchOptions: { headers: { accept: 'application/json', ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}) } },
    exchanges: [
      mapExchange({
        onError(error) {
          if (error.graphQLErrors.some(({ extensions }) => extensions.code === 'UNAUTHENTICATED')) onRefused();
        },
      }),
      cacheExchange({ keys: Object.fromEntries(embeddedTypes.map((name) => [name, () => null])) }),
      fetchExchange,
    ],
  });
}
