import './trusted';
import './workers';
// Not graphiql/style.css: that holds the styles of Monaco a second time.
import '@graphiql/react/font/roboto.css';
import '@graphiql/react/font/fira-code.css';
import '@graphiql/react/style.css';
import '@graphiql/plugin-history/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import 'graphiql/graphiql.css';
import './main.css';

import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';

import { createFetcher } from './endpoint';
import { findExamples } from './examples';
import { keyPlaceholder, link, Session } from './session';
import { lastTab, storage } from './storage';
import { tabsWith } from './tabs';

// The editors measure their letters once, so the font must be there before they are.
const [found] = await Promise.all([findExamples(), document.fonts.load('15px "Fira Code"').catch(() => [])]);
const tabs = tabsWith(found.examples);
const keyMissing = found.code === 'UNAUTHENTICATED';

// GraphiQL by itself leaves the variables of the first tab empty until one switches tabs.
const first = lastTab() ?? tabs[0];

const fetcher = createFetcher(
  () => link.variables(),
  (answer) => link.answered(answer),
);

// Without these the variables editor marks objects in custom scalars as wrong.
const scalars = {
  DateTime: { type: 'string' },
  Int64: { type: ['string', 'integer'] },
  JSON: {},
  JSONObject: { type: 'object' },
} as const;

createRoot(document.getElementById('graphiql')!).render(
  <GraphiQL
    fetcher={fetcher}
    storage={storage}
    defaultTabs={tabs}
    initialQuery={first.query ?? ''}
    initialVariables={first.variables ?? ''}
    defaultHeaders={keyMissing ? keyPlaceholder : undefined}
    defaultEditorToolsVisibility={keyMissing ? 'headers' : 'variables'}
    customScalarSchemas={scalars as never}
    shouldPersistHeaders={false}
  >
    <GraphiQL.Logo>Placard</GraphiQL.Logo>
    <GraphiQL.Footer>
      <Session first={found} />
    </GraphiQL.Footer>
  </GraphiQL>,
);
