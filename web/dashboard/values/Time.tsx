import { displayTimestamp } from './display';

const units = [
  ['year', 31_556_952],
  ['month', 2_629_746],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });

/** Returns the distance of an instant from now, such as "3 hr ago". */
export function distanceOf(instant: string, now = Date.now()): string {
  const seconds = (Date.parse(instant) - now) / 1000;
  const unit = units.find(([, size]) => Math.abs(seconds) >= size);
  return unit ? relative.format(Math.round(seconds / unit[1]), unit[0]).replace('.', '') : 'just now';
}

/** Shows an instant as its distance from now. The exact instant is shown on hover. */
export function Time({ instant }: { instant: string }) {
  return (
    <time dateTime={instant} title={displayTimestamp(instant)}>
      {distanceOf(instant)}
    </time>
  );
}
