// The frame of all pages: the header, the session and the state of the server.

import { Outlet } from '@tanstack/react-router';

import { useSession } from '../api/session';
import { PageQueryProvider } from '../api/page-query';
import { useViewer, ViewerProvider } from '../api/viewer';
import { Failed } from '../ui/State';
import { Header } from './Header';
import styles from './Shell.module.css';
import { SignIn } from './SignIn';

/** Shows the header and the page below it. */
export function Shell() {
  return (
    <ViewerProvider>
      <PageQueryProvider>
        <a
          className={styles.skip}
          href="#main"
          onClick={(event) => {
            event.preventDefault(); // the address of the page stays the same
            document.getElementById('main')?.focus();
          }}
        >
          Skip to the content
        </a>
        <Header />
        <main id="main" className={styles.main} tabIndex={-1}>
          <Content />
        </main>
      </PageQueryProvider>
    </ViewerProvider>
  );
}

/** Shows the page, unless the server requires a key or does not respond. */
function Content() {
  const { failure, viewer, reload } = useViewer();
  const { apiKey, refused } = useSession();
  if (refused) return <SignIn refused={apiKey !== null} />;
  if (failure && !viewer) return <Failed failure={failure} onRetry={reload} page />;
  return <Outlet />;
}
