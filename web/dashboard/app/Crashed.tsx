import { type ErrorComponentProps, Link } from '@tanstack/react-router';

import { Button } from '../ui/Button';
import { Empty } from '../ui/State';

/** Shows that the code of a page failed. The rest of the dashboard still works. */
export function Crashed({ error, reset }: ErrorComponentProps) {
  return (
    <Empty icon="alert" title="This page failed" page>
      <p>{String(error)}</p>
      <Button icon="refresh" onPress={reset}>
        Show it again
      </Button>
    </Empty>
  );
}

/** Shows that an address has no page. */
export function NotFound() {
  return (
    <Empty icon="search" title="There is no such page" page>
      <Link to="/">All artifacts</Link>
    </Empty>
  );
}
