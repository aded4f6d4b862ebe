// What a page shows where it has no content: while it loads, when nothing exists, and when reading failed.

import { type ReactNode } from 'react';

import type { Failure } from '../api/failure';
import { Button } from './Button';
import { Icon, type IconName } from './Icon';
import styles from './State.module.css';

interface StateProps {
  icon: IconName;
  title: string;
  children?: ReactNode;
  /** `status` is read out when it appears; errors are alerts. */
  role?: 'status' | 'alert';
  /** Makes the title the heading of the page, where the state takes its place. */
  page?: boolean;
}

function State({ icon, title, children, role = 'status', page = false }: StateProps) {
  const Title = page ? 'h1' : 'p';
  return (
    <div className={styles.state} role={role}>
      <span className={role === 'alert' ? styles.badIcon : styles.icon}>
        <Icon name={icon} size={20} />
      </span>
      <Title className={styles.title}>{title}</Title>
      {children && <div className={styles.text}>{children}</div>}
    </div>
  );
}

/** Says that nothing exists, and what a person can do. */
export function Empty({ icon = 'box', ...props }: Omit<StateProps, 'icon' | 'role'> & { icon?: IconName }) {
  return <State icon={icon} {...props} />;
}

/** Shows grey lines while the content is loading. */
export function Loading({ label = 'Loading', lines = 6 }: { label?: string; lines?: number }) {
  return (
    <div className={styles.loading} role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} className={styles.line} />
      ))}
    </div>
  );
}

/** Shows why reading failed, and offers to try again. A refusal is shown as missing permission. */
export function Failed({ failure, onRetry, page }: { failure: Failure; onRetry?(): void; page?: boolean }) {
  if (failure.code === 'FORBIDDEN' || failure.code === 'UNAUTHENTICATED') return <NoPermission page={page}>{failure.message}</NoPermission>;
  const offline = failure.code === 'NETWORK';
  return (
    <State icon="alert" title={offline ? 'The server does not respond' : 'This could not be read'} role="alert" page={page}>
      <p>{failure.message}</p>
      {failure.requestId && (
        <p>
          The log of the server has more about the request <code>{failure.requestId}</code>.
        </p>
      )}
      {onRetry && (
        <Button icon="refresh" onPress={onRetry}>
          Try again
        </Button>
      )}
    </State>
  );
}

/** Says that the API key may not do this. */
export function NoPermission({ page, children }: { page?: boolean; children?: ReactNode }) {
  return (
    <State icon="lock" title="Your API key has no access to this" role="alert" page={page}>
      {children}
    </State>
  );
}
