import { useEffect } from 'react';

/** Sets the title of the tab. */
export function useTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · Placard`;
  }, [title]);
}
