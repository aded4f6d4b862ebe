import { type LinkOptions, useLinkProps } from '@tanstack/react-router';

import styles from './ViewLinks.module.css';

export interface ViewLink {
  text: string;
  selected: boolean;
  link: LinkOptions;
}

/** Links between the views of one object. */
export function ViewLinks({ label, views }: { label: string; views: ViewLink[] }) {
  return (
    <nav className={styles.views} aria-label={label}>
      {views.map((view) => (
        <Item key={view.text} {...view} />
      ))}
    </nav>
  );
}

/** The views have the same path, so the router cannot tell which of them is shown. */
function Item({ text, selected, link }: ViewLink) {
  const props = useLinkProps({ ...link, resetScroll: false });
  return (
    <a {...props} className={styles.view} aria-current={selected ? 'page' : undefined}>
      {text}
    </a>
  );
}
