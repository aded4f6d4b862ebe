import { displayTimestamp } from './display';
import { Text } from './Text';
import { Time } from './Time';

interface CreatedByProps {
  /** What happened, such as "Created". */
  action?: string;
  instant: string;
  /** The name of the API key, if there is one. */
  by?: string | null;
  /** Shows the instant itself, not its distance from now. */
  exactTime?: boolean;
}

/** Shows when something happened, and who did it. */
export function CreatedBy({ action, instant, by, exactTime = false }: CreatedByProps) {
  return (
    <span>
      {action && `${action} `}
      {exactTime ? displayTimestamp(instant) : <Time instant={instant} />}
      {by && (
        <>
          {' by '}
          <Text text={by} />
        </>
      )}
    </span>
  );
}
