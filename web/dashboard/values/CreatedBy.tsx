import { Text } from './Text';
import { Time } from './Time';

interface CreatedByProps {
  /** What happened, such as "Created". */
  action?: string;
  instant: string;
  /** The name of the API key, if there is one. */
  by?: string | null;
}

/** Shows when something happened, and who did it. */
export function CreatedBy({ action, instant, by }: CreatedByProps) {
  return (
    <span>
      {action && `${action} `}
      <Time instant={instant} />
      {by && (
        <>
          {' by '}
          <Text text={by} />
        </>
      )}
    </span>
  );
}
