// The API key of a person. It is kept in memory, or until the tab closes in the session storage, and never in a URL.

import { createContext, type ReactNode, use, useMemo, useState } from 'react';
import { Provider } from 'urql';

import { createClient } from './client';

const storageName = 'placard:api-key';

interface Session {
  /** The API key, or null without one. */
  apiKey: string | null;
  /** True if the server has refused the key, or requires one. */
  refused: boolean;
  /** Uses a key from now on. `remember` keeps it until the tab closes, also after a reload. */
  signIn(apiKey: string, remember: boolean): void;
  /** Forgets the key. */
  signOut(): void;
}

const SessionContext = createContext<Session | null>(null);

/** Returns the session of the page. */
export function useSession(): Session {
  return use(SessionContext)!;
}

/** Provides the session and the client of the API to a page. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const [apiKey, setApiKey] = useState(() => sessionStorage.getItem(storageName));
  const [refused, setRefused] = useState(false);
  const session = useMemo<Session>(
    () => ({
      apiKey,
      refused,
      signIn(key, remember) {
        if (remember) sessionStorage.setItem(storageName, key);
        else sessionStorage.removeItem(storageName);
        setApiKey(key);
        setRefused(false);
      },
      signOut() {
        sessionStorage.removeItem(storageName);
        setApiKey(null);
      },
    }),
    [apiKey, refused],
  );
  const client = useMemo(() => createClient(apiKey, () => setRefused(true)), [apiKey]);
  return (
    <SessionContext value={session}>
      <Provider value={client}>{children}</Provider>
    </SessionContext>
  );
}
