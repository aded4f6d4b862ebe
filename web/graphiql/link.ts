import type { Tab } from './tabs';

/**
 * Returns the query of the URL, as in /graphiql#query=…&variables=…, and removes it from the URL. Browsers do not send
 * this part of a URL to the server. The query is never run automatically, because any page can link to this one.
 */
export function takeLinkedTab(): Tab | undefined {
  const parameters = new URLSearchParams(location.hash.slice(1));
  const query = parameters.get('query');
  if (query === null) return undefined;
  history.replaceState(history.state, '', location.pathname + location.search);
  return { query, variables: parameters.get('variables') ?? '' };
}
