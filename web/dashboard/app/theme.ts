// The theme that a person chose. Without a choice the page follows the system.

import { useSyncExternalStore } from 'react';

export type Theme = 'system' | 'light' | 'dark';

const storageName = 'placard:theme';
const listeners = new Set<() => void>();

function chosenTheme(): Theme {
  const stored = localStorage.getItem(storageName);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

/** Shows the page in the chosen theme. */
export function applyTheme() {
  const theme = chosenTheme();
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** Chooses a theme. */
export function chooseTheme(theme: Theme) {
  if (theme === 'system') localStorage.removeItem(storageName);
  else localStorage.setItem(storageName, theme);
  applyTheme();
  listeners.forEach((listener) => listener());
}

/** Returns the chosen theme. */
export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, chosenTheme);
}
