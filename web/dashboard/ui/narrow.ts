import { useSyncExternalStore } from 'react';

const query = matchMedia('(width < 640px)');

/** Reports whether the window is as narrow as that of a phone. */
export const useNarrow = (): boolean =>
  useSyncExternalStore(
    (listener) => {
      query.addEventListener('change', listener);
      return () => query.removeEventListener('change', listener);
    },
    () => query.matches,
  );
