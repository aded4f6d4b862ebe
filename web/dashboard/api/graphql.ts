// Marks the documents of the dashboard. `npm run generate` derives their types.

import type { graphql as generated } from './gen/gql';

/**
 * Returns a document with the types of its data and its variables. At run time it is the text itself, so that a
 * document is part of the chunk of its page only. A document must not use fragments of other documents.
 */
export const graphql = ((text: string) => text) as unknown as typeof generated;
