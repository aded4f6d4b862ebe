// What happens around the editors: the key that all tabs share, the examples, and what an answer adds to the variables.

import { pick, useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { applyEdits, modify, parse, type ParseError } from 'jsonc-parser';
import { useEffect, useRef, useState } from 'react';

import { findExamples, type Findings, unknown } from './examples';
import { tabsWith } from './tabs';

/** What the header editor shows where the server asks for a key. */
export const keyPlaceholder = JSON.stringify({ Authorization: 'Bearer plc_…' }, null, 2);

const wholeKey = /\bplc_[\w-]{43}\b/;

/** What the page and the editors tell each other; the fetcher is made before the editors are. */
export const link = {
  variables: () => '',
  answered: (_answer: unknown) => {},
};

/**
 * The variables of a tab that nobody has touched yet, with the examples that the server has. The text is the same
 * where it was touched.
 */
function filled(text: string, { examples }: Findings) {
  const untouched = tabsWith(unknown).findIndex(({ variables }) => variables === text);
  return untouched < 0 ? text : tabsWith(examples)[untouched].variables;
}

/**
 * The variables with the IDs of what an answer says was begun: `train: startStepRun { stepRun { id } }` gives its ID to
 * the variable `trainId`, if there is one.
 */
function withIDs(text: string, answer: unknown) {
  const data = (answer as { data?: Record<string, Record<string, { id?: string }> | null> } | null)?.data ?? {};
  const variables = parse(text) ?? {};
  for (const [name, payload] of Object.entries(data)) {
    const begun = payload?.pipelineRun ?? payload?.stepRun;
    if (begun?.id && `${name}Id` in variables) {
      text = applyEdits(text, modify(text, [`${name}Id`], begun.id, {}));
    }
  }
  return text;
}

/** Keeps the editors in step; it draws nothing. `first` is what was found before there was a key. */
function useSession(first: Findings) {
  const { headerEditor, variableEditor, responseEditor, activeTabIndex } = useGraphiQL(
    pick('headerEditor', 'variableEditor', 'responseEditor', 'activeTabIndex'),
  );
  const { introspect } = useGraphiQLActions();
  const [found, setFound] = useState(first);
  const headers = useRef(first.code === 'UNAUTHENTICATED' ? keyPlaceholder : '');

  useEffect(() => {
    link.variables = () => variableEditor?.getValue() ?? '';
    link.answered = (answer) => {
      const before = link.variables();
      const after = withIDs(before, answer);
      if (after !== before) variableEditor?.setValue(after);
    };
  }, [variableEditor]);

  // Headers belong to a tab, a key belongs to the person: a tab that is opened shows what was entered last.
  useEffect(() => {
    if (headerEditor && headerEditor.getValue() !== headers.current) headerEditor.setValue(headers.current);
  }, [headerEditor, activeTabIndex]);

  useEffect(() => {
    const text = variableEditor?.getValue() ?? '';
    const better = filled(text, found);
    if (better !== text) variableEditor?.setValue(better);
  }, [variableEditor, activeTabIndex, found]);

  // With a whole key the documentation and the examples can be had.
  useEffect(() => {
    let tried = '';
    const watch = headerEditor?.onDidChangeModelContent(({ isFlush }) => {
      if (isFlush) return; // Another tab is shown; nobody has typed.
      headers.current = headerEditor.getValue();
      const [key] = wholeKey.exec(headers.current) ?? [];
      const mistakes: ParseError[] = [];
      const entered = parse(headers.current, mistakes);
      if (!key || key === tried || mistakes.length > 0 || !first.code) return;
      tried = key;
      void introspect();
      void findExamples(entered).then((better) => {
        setFound(better);
        if (!better.code) responseEditor?.setValue(''); // It says that there is no key.
      });
    });
    return () => watch?.dispose();
  }, [headerEditor, responseEditor, first, introspect]);

  return found;
}

/** Says below the answers what is missing, if something is. */
export function Session({ first }: { first: Findings }) {
  const found = useSession(first);
  const schema = useGraphiQL((state) => state.schema);
  if (found.code === 'UNAUTHENTICATED' && !schema) {
    return (
      <div className="notice" role="status">
        <strong>This server asks for an API key.</strong> Put yours in place of <code>plc_…</code> under{' '}
        <button
          type="button"
          onClick={() => document.querySelector<HTMLElement>('.graphiql-editor-tools [data-name="headers"]')?.click()}
        >
          Headers
        </button>
        . Then the documentation and the examples come, and all tabs use it. It is forgotten when the page is closed or
        loaded again.
      </div>
    );
  }
  if (found.code === 'FORBIDDEN' && !schema) {
    return (
      <div className="notice" role="status">
        <strong>This server does not answer everything.</strong> It says: {found.message}
      </div>
    );
  }
  return null;
}
