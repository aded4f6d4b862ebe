// How the editors adapt to the window, and the link for keyboards.

import { pick, useGraphiQL } from '@graphiql/react';
import { useEffect } from 'react';

/** Wraps long lines in the editors. In a narrow window it hides line numbers, because they take a fifth of the width. */
export function Layout() {
  const { queryEditor, variableEditor, headerEditor } = useGraphiQL(
    pick('queryEditor', 'variableEditor', 'headerEditor'),
  );
  useEffect(() => {
    const narrow = matchMedia('(width < 43rem)');
    const update = () => {
      for (const editor of [queryEditor, variableEditor, headerEditor]) {
        editor?.updateOptions({
          wordWrap: 'on',
          lineNumbers: narrow.matches ? 'off' : 'on',
          folding: !narrow.matches,
        });
      }
    };
    update();
    narrow.addEventListener('change', update);
    return () => narrow.removeEventListener('change', update);
  }, [queryEditor, variableEditor, headerEditor]);
  return null;
}

/** The first element that the Tab key reaches. It moves the focus to the frame of the editor; Enter starts editing. */
export function SkipLink() {
  return (
    <a
      className="skip-link"
      href="#editor"
      onClick={(event) => {
        event.preventDefault(); // the fragment of the URL may contain a query
        document.querySelector<HTMLElement>('.graphiql-query-editor .graphiql-editor')?.focus();
      }}
    >
      Skip to the editor
    </a>
  );
}
