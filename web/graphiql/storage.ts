import type { Storage } from '@graphiql/toolkit';

// The prefix separates the page from other GraphiQL pages on the same origin, such as those of programs on localhost.
const prefix = 'placard:';

// GraphiQL stores headers in its history, though not in its tabs. A header may contain an API key, so none may be
// stored.
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

/** Returns the query and variables of the tab that was active last, or undefined on a first visit. */
export function lastTab(): { query: string | null; variables: string | null } | undefined {
  try {
    const state = JSON.parse(storage.getItem('graphiql:tabState') ?? '');
    return state.tabs[state.activeTabIndex];
  } catch {
    return undefined;
  }
}
