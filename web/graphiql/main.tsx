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
import { Layout, SkipLink } from './layout';
import { editors, keyPlaceholder, Session } from './session';
import { lastTab, storage } from './storage';
import { createTab, runsAtStart, tabsWith, titleOf } from './tabs';

// The editors measure the font once, so it must be loaded first.
const [found] = await Promise.all([findExamples(), document.fonts.load('15px "Fira Code"').catch(() => [])]);
const tabs = found.empty ? [createTab, ...tabsWith(found.examples)] : tabsWith(found.examples);
const keyMissing = found.code === 'UNAUTHENTICATED';

// Without these, GraphiQL leaves the variables of the first tab empty until the user switches tabs.
const first = lastTab() ?? tabs[0];

const fetcher = createFetcher(editors);

// Without these, the variables editor reports objects in custom scalars as errors.
const scalars = {
  DateTime: { type: 'string' },
  Int64: { type: ['string', 'integer'] },
  StorageSize: { type: ['string', 'integer'] },
  Duration: { type: ['string', 'number'] },
  JSON: {},
  JSONObject: { type: 'object' },
} as const;

createRoot(document.getElementById('graphiql')!).render(
  <>
    <SkipLink />
    <GraphiQL
      fetcher={fetcher}
      storage={storage}
      defaultTabs={tabs}
      // GraphiQL takes titles from operation names, and keeps those that this function sets.
      onTabChange={(state) => state.tabs.forEach((tab) => (tab.title = titleOf(tab.query)))}
      initialQuery={first.query ?? ''}
      initialVariables={first.variables ?? ''}
      defaultHeaders={keyMissing ? keyPlaceholder : undefined}
      defaultEditorToolsVisibility={keyMissing ? 'headers' : 'variables'}
      customScalarSchemas={scalars as never}
      schemaDescription
      shouldPersistHeaders={false}
    >
      <GraphiQL.Logo>Placard</GraphiQL.Logo>
      <GraphiQL.Footer>
        <Layout />
        <Session first={found} runFirst={!found.code && runsAtStart(first.query)} />
      </GraphiQL.Footer>
    </GraphiQL>
  </>,
);
