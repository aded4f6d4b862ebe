// The icons, drawn with one stroke on a grid of 16 units.

const paths = {
  search: 'M7 12.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM11 11l3.5 3.5',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9 13 13M3 13l1.1-1.1M11.9 4.1 13 3',
  moon: 'M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1Z',
  screen: 'M1.5 2.5h13v8.5h-13zM5.5 14h5M8 11v3',
  key: 'M5 14a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM7.6 8.2 14 2M11 5l2 2',
  down: 'm4 6 4 4 4-4',
  right: 'm6 4 4 4-4 4',
  left: 'm10 4-4 4 4 4',
  minus: 'M3 8h10',
  fit: 'M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4',
  target: 'M8 13a5 5 0 1 0 0-10 5 5 0 0 0 0 10ZM8 1v3M8 12v3M1 8h3M12 8h3',
  sortedUp: 'M8 13V3M4.5 6.5 8 3l3.5 3.5',
  sortedDown: 'M8 3v10M4.5 9.5 8 13l3.5-3.5',
  columns: 'M2 2.5h12v11H2zM6 2.5v11M10 2.5v11',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  check: 'm3 8.5 3.2 3.2L13 4.5',
  close: 'm4 4 8 8M12 4l-8 8',
  plus: 'M8 3v10M3 8h10',
  clock: 'M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM8 4.5V8l2.5 1.5',
  external: 'M6.5 3H3v10h10V9.5M9.5 2.5h4v4M13 3 7.5 8.5',
  refresh: 'M13.5 8a5.5 5.5 0 1 1-1.6-3.9M13.5 1.5v3h-3',
  history: 'M2.5 8a5.5 5.5 0 1 0 1.6-3.9M2.5 1.5v3h3M8 5v3l2 1.2',
  filter: 'M2 3h12l-4.7 5.6v4.2l-2.6 1.2V8.6z',
  graph: 'M3.5 10a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM12.5 5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM12.5 15a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM5 8l6-4M5 9l6 4',
  chart: 'M2 2v12h12M4.5 10.5 7.5 7l2.5 2 4-5',
  box: 'm8 1.5 6 3.2v6.6l-6 3.2-6-3.2V4.7zM2 4.7l6 3.2 6-3.2M8 7.9v6.6',
  alert: 'M8 5.5v3.5M8 11.2v.3M7 2.2 1.4 12a1.2 1.2 0 0 0 1 1.8h11.2a1.2 1.2 0 0 0 1-1.8L9 2.2a1.2 1.2 0 0 0-2 0Z',
  lock: 'M3.5 7h9v7h-9zM5.5 7V4.5a2.5 2.5 0 0 1 5 0V7',
  menu: 'M2 4h12M2 8h12M2 12h12',
  undo: 'M3 6h6.5a3.5 3.5 0 0 1 0 7H6M3 6l3-3M3 6l3 3',
  pencil: 'm2.5 13.5.7-3L11 2.7l2.3 2.3-7.8 7.8z',
  tag: 'M2 2h5.5L14 8.5 8.5 14 2 7.5zM5 5v.1',
  compare: 'M2 2.5h5v11H2zM9 2.5h5v11H9zM4 6h1M4 9h1M11 6h1M11 9h1',
  run: 'M4 2.5v11l9-5.5z',
  settings: 'M8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M3.4 12.6l1.4-1.4M11.2 4.8l1.4-1.4',
} as const;

export type IconName = keyof typeof paths;

/** An icon. It is hidden from screen readers, because the control that contains it has a name. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round">
      <path d={paths[name]} />
    </svg>
  );
}
