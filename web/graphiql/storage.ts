import type { Storage } from '@graphiql/toolkit';

// Another GraphiQL on the same origin, such as another program on localhost, must not fill our tabs.
const prefix = 'placard:';

// GraphiQL leaves headers out of its tabs, but its history writes them down. A header may hold an API key, so none
// may reach the browser's storage.
const withHeaders = new Set(['graphiql:tabState', 'graphiql:queries', 'graphiql:favorites']);

const ownKeys = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix));

export const storage: Storage = {
  get length() {
    return ownKeys().length;
  },
  getItem: (key) => localStorage.getItem(prefix + key),
  setItem(key, value) {
    if (key === 'graphiql:headers') return;
    if (withHeaders.has(key)) {
      value = JSON.stringify(JSON.parse(value), (name, item) => (name === 'headers' ? null : item));
    }
    localStorage.setItem(prefix + key, value);
  },
  removeItem: (key) => localStorage.removeItem(prefix + key),
  clear: () => ownKeys().forEach((key) => localStorage.removeItem(key)),
};

/** The query and variables of the tab that was open last, or undefined on a first visit. */
export function lastTab(): { query: string | null; variables: string | null } | undefined {
  try {
    const state = JSON.parse(storage.getItem('graphiql:tabState') ?? '');
    return state.tabs[state.activeTabIndex];
  } catch {
    return undefined;
  }
}
