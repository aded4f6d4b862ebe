import { basePath } from '../api/base';
import type { PageQuery } from '../api/page-query';

/** Returns the address of GraphiQL that shows the query of a page. */
export function graphiqlAddress(page: PageQuery | null): string {
  if (!page) return `${basePath}graphiql/`;
  const variables = JSON.stringify(page.variables, null, 2);
  return `${basePath}graphiql/#${new URLSearchParams({ query: page.text, variables })}`;
}
