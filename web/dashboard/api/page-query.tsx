// The main query of the page that is shown: its text for GraphiQL, and how to read it again.

import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react';

export interface PageQuery {
  text: string;
  variables: unknown;
  reload(): void;
}

const ShownContext = createContext<PageQuery | null>(null);
const RegisterContext = createContext<(query: PageQuery | null) => void>(() => {});

/** Holds the query of the page that is shown. */
export function PageQueryProvider({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<PageQuery | null>(null);
  return (
    <RegisterContext value={setShown}>
      <ShownContext value={shown}>{children}</ShownContext>
    </RegisterContext>
  );
}

/** Returns the query of the page that is shown, or null. */
export const usePageQuery = () => use(ShownContext);

/** Makes a query that of the page that is shown, until the component is removed. */
export function useRegisterQuery(text: string, variables: unknown, reload: () => void) {
  const register = use(RegisterContext);
  const serialised = JSON.stringify(variables);
  const query = useMemo(() => ({ text, variables: JSON.parse(serialised), reload }), [text, serialised, reload]);
  useEffect(() => {
    register(query);
    return () => register(null);
  }, [register, query]);
}
