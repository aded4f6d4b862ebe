import { lazy, Suspense, useEffect, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components/Button';

import { Icon } from '../ui/Icon';
import styles from './CommandPalette.module.css';

const Palette = lazy(() => import('./palette/Palette'));

const keys = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘K' : 'Ctrl K';

/** The button of the command palette, and its keys: Ctrl-K or ⌘-K. The palette itself is loaded when it is opened. */
export function CommandPalette() {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey) || event.shiftKey || event.altKey) return;
      event.preventDefault();
      setOpen((before) => !before);
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
  return (
    <>
      <AriaButton className={styles.search} onPress={() => setOpen(true)}>
        <Icon name="search" size={15} />
        <span className={styles.text}>Search</span>
        <kbd className={styles.keys} aria-hidden="true">{keys}</kbd>
      </AriaButton>
      {open && (
        <Suspense>
          <Palette onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
