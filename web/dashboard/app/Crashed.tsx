import { type ErrorComponentProps, Link } from '@tanstack/react-router';

import { Button } from '../ui/Button';
import { Empty } from '../ui/State';

/** Matches the errors of browsers and of Vite when the code of a page cannot be loaded. */
const notLoaded = /preload CSS|dynamically imported module|importing a module script/i;

/**
 * Shows that the code of a page failed, or could not be loaded: the server is away, or it has been updated and has other
 * files. The rest of the dashboard still works.
 */
export function Crashed({ error, reset }: ErrorComponentProps) {
  if (notLoaded.test(String(error))) {
    return (
      <Empty icon="alert" title="The page could not be loaded" page>
        <p>The server does not respond, or it has been updated.</p>
        <Button icon="refresh" onPress={() => location.reload()}>
          Load it again
        </Button>
      </Empty>
    );
  }
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
