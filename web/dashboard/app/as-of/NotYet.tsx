import { Button } from '../../ui/Button';
import { Empty } from '../../ui/State';

/** Shows that a version did not exist at the instant of the page. */
export function NotYet({ onNow }: { onNow(): void }) {
  return (
    <Empty icon="clock" title="The version did not exist at this instant" page>
      <Button onPress={onNow}>Show it now</Button>
    </Empty>
  );
}
