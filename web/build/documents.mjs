// Writes dist/dashboard/documents.json: the texts of the documents as the dashboard sends them, by their SHA-256. A
// server that executes trusted documents only adds them to its list.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

import { createRequest, formatDocument, stringifyDocument } from '@urql/core';

const generated = readFileSync(new URL('../dashboard/api/gen/graphql.ts', import.meta.url), 'utf8');
const texts = [...generated.matchAll(/new TypedDocumentString\(`([^`]*)`/g)]
  .map(([, text]) => text)
  .filter((text) => /^\s*(query|mutation)\b/.test(text));
if (texts.length === 0) throw new Error('the dashboard has no documents');
// The cache adds __typename to each selection in the same way.
const sent = texts.map((text) => stringifyDocument(formatDocument(createRequest(text, {}).query))).sort();
const documents = Object.fromEntries(sent.map((text) => [createHash('sha256').update(text).digest('hex'), text]));
writeFileSync(new URL('../dist/dashboard/documents.json', import.meta.url), JSON.stringify(documents, null, 1));
