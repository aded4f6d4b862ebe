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

import { createFetcher } from './fetcher';
import { lastTab, storage } from './storage';
import { tabs } from './tabs';

// GraphiQL by itself leaves the variables of the first tab empty until one switches tabs.
const first = lastTab() ?? tabs[0];
let variables = first.variables ?? '';

const fetcher = createFetcher(() => variables);

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
    initialVariables={variables}
    onEditVariables={(text) => {
      variables = text;
    }}
    customScalarSchemas={scalars as never}
    shouldPersistHeaders={false}
  >
    <GraphiQL.Logo>Placard</GraphiQL.Logo>
  </GraphiQL>,
);
