// The state that all tabs share: the API key, the examples, and the IDs that responses add to the variables.

import { pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { applyEdits, modify, parse, type ParseError } from 'jsonc-parser';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';

import { type Editors, firstErrorOf } from './endpoint';
import { findExamples, type Findings, placeholders } from './examples';
import { takeLinkedTab } from './link';
import { createTab, type Tab, tabsWith } from './tabs';

/** The text of the header editor if the server requires a key. */
export const keyPlaceholder = JSON.stringify({ Authorization: 'Bearer plc_…' }, null, 2);

const completeKey = /\bplc_[\w-]{43}\b/;

/** Connects the fetcher, which is created first, with the editors. */
export const editors: Editors = { variables: () => '', activeTab: () => '', onResponse: () => {} };

/** Returns the variables with the examples if they are those of an unchanged tab, and otherwise the same text. */
function withExamples(text: string, { examples }: Findings) {
  const unchanged = tabsWith(placeholders).findIndex(({ variables }) => variables === text);
  return unchanged < 0 ? text : tabsWith(examples)[unchanged].variables;
}

/**
 * Returns the variables with the IDs of the runs that a response started: the ID of
 * `train: startStepRun { stepRun { id } }` becomes the variable `trainId`, if it exists.
 */
function withIDs(text: string, response: unknown) {
  const data = (response as { data?: Record<string, Record<string, { id?: string }> | null> } | null)?.data ?? {};
  const variables = parse(text) ?? {};
  for (const [name, payload] of Object.entries(data)) {
    const started = payload?.pipelineRun ?? payload?.stepRun;
    if (started?.id && `${name}Id` in variables) {
      text = applyEdits(text, modify(text, [`${name}Id`], started.id, {}));
    }
  }
  return text;
}

/** Returns a function that shows a query in a tab of its own. It reuses a tab with the same content. */
function useShowTab() {
  const { queryEditor, variableEditor, tabs } = useGraphiQL(pick('queryEditor', 'variableEditor', 'tabs'));
  const { addTab, changeTab } = useGraphiQLActions();
  return ({ query, variables }: Tab) => {
    const existing = tabs.findIndex((tab) => tab.query === query && (tab.variables ?? '') === variables);
    if (existing >= 0) {
      changeTab(existing);
      return;
    }
    addTab();
    queryEditor?.setValue(query);
    variableEditor?.setValue(variables);
  };
}

/** Runs the tab of a first visit, unless the URL contains a query, which is shown in a tab of its own. */
function useFirstTab(showTab: (tab: Tab) => void, runFirst: boolean) {
  const ready = useGraphiQL((state) => Boolean(state.queryEditor && state.variableEditor && state.responseEditor));
  const { run, updateActiveTabValues } = useGraphiQLActions();
  const show = useRef(showTab);

  useEffect(() => {
    show.current = showTab;
  });

  // This calls onTabChange, which sets the titles.
  useLayoutEffect(() => updateActiveTabValues({}), [updateActiveTabValues]);

  useEffect(() => {
    if (!ready) return;
    const showLinked = () => {
      const linked = takeLinkedTab();
      if (linked) show.current(linked);
      return linked !== undefined;
    };
    if (!showLinked() && runFirst) void run();
    window.addEventListener('hashchange', showLinked);
    return () => window.removeEventListener('hashchange', showLinked);
  }, [ready, run, runFirst]);
}

/** Keeps headers, examples and variables of the editors up to date. `first` was found without a key. */
function useFindings(first: Findings) {
  const { headerEditor, variableEditor, responseEditor, activeTabIndex, tabs } = useGraphiQL(
    pick('headerEditor', 'variableEditor', 'responseEditor', 'activeTabIndex', 'tabs'),
  );
  const { introspect, stop } = useGraphiQLActions();
  const [found, setFound] = useState(first);
  const headers = useRef(first.code === 'UNAUTHENTICATED' ? keyPlaceholder : '');
  const activeTab = tabs[activeTabIndex]?.id ?? '';

  useEffect(() => {
    editors.activeTab = () => activeTab;
    stop(); // the fetcher drops the response for the previous tab
  }, [activeTab, stop]);

  useEffect(() => {
    editors.variables = () => variableEditor?.getValue() ?? '';
    editors.onResponse = (response) => {
      const before = editors.variables();
      const after = withIDs(before, response);
      if (after !== before) variableEditor?.setValue(after);
      if (found.empty && !firstErrorOf(response)) void findExamples(parse(headers.current)).then(setFound);
    };
  }, [variableEditor, found]);

  // GraphiQL has headers per tab, but the key is the same in all tabs.
  useEffect(() => {
    if (headerEditor && headerEditor.getValue() !== headers.current) headerEditor.setValue(headers.current);
  }, [headerEditor, activeTabIndex]);

  useEffect(() => {
    const text = variableEditor?.getValue() ?? '';
    const better = withExamples(text, found);
    if (better !== text) variableEditor?.setValue(better);
  }, [variableEditor, activeTabIndex, found]);

  // A complete key gives access to the schema and to the examples.
  useEffect(() => {
    let tried = '';
    const watch = headerEditor?.onDidChangeModelContent(({ isFlush }) => {
      if (isFlush) return; // another tab is shown
      headers.current = headerEditor.getValue();
      const [key] = completeKey.exec(headers.current) ?? [];
      const errors: ParseError[] = [];
      const entered = parse(headers.current, errors);
      if (!key || key === tried || errors.length > 0 || !first.code) return;
      tried = key;
      void introspect();
      void findExamples(entered).then((better) => {
        setFound(better);
        if (!better.code) responseEditor?.setValue(''); // it contains the error about the missing key
      });
    });
    return () => watch?.dispose();
  }, [headerEditor, responseEditor, first, introspect]);

  return found;
}

/** Connects the editors, and shows a notice below the response if something is missing. */
export function Session({ first, runFirst }: { first: Findings; runFirst: boolean }) {
  const found = useFindings(first);
  const showTab = useShowTab();
  useFirstTab(showTab, runFirst);
  const schema = useGraphiQL((state) => state.schema);
  if (found.code === 'UNAUTHENTICATED' && !schema) {
    return (
      <div className="notice" role="status">
        <strong>This server requires an API key.</strong> Replace <code>plc_…</code> by your key under{' '}
        <button
          type="button"
          onClick={() => document.querySelector<HTMLElement>('.graphiql-editor-tools [data-name="headers"]')?.click()}
        >
          Headers
        </button>
        . All tabs use this key. The browser does not store it, so enter it again after a reload.
      </div>
    );
  }
  if (found.code === 'FORBIDDEN' && !schema) {
    return (
      <div className="notice" role="status">
        <strong>This server rejects most queries.</strong> Its message: {found.message}
      </div>
    );
  }
  if (found.empty) {
    return (
      <div className="notice" role="status">
        <strong>This server has no artifacts yet.</strong> Run{' '}
        <button type="button" onClick={() => showTab(createTab)}>
          Create your first version
        </button>
        . The other tabs then read and change it.
      </div>
    );
  }
  return null;
}
