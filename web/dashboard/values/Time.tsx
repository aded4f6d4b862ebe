import { displayDuration, displayTimestamp } from './display';

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

/** Shows the time between two instants. Without an end it is the time until now. */
export function Duration({ from, to }: { from: string; to: string | null | undefined }) {
  const seconds = Math.max(0, ((to ? Date.parse(to) : Date.now()) - Date.parse(from)) / 1000);
  const text = displayDuration(Number(seconds.toPrecision(3)));
  return to ? text : `${text} so far`;
}
