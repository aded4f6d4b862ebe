import type { RunStatus as Status } from '../api/gen/graphql';
import { Chip, type ChipTone } from '../ui/Chip';
import styles from './RunStatus.module.css';

const tones: Record<Status, ChipTone> = { RUNNING: 'info', COMPLETED: 'good', FAILED: 'bad', CANCELLED: 'plain', CACHED: 'warn' };

/** Shows the status of a run. */
export function RunStatus({ status }: { status: Status }) {
  return <Chip tone={tones[status] ?? 'plain'}>{status.toLowerCase()}</Chip>;
}

/** Shows the status of a step as a small mark. The label is its name and its status. */
export function StatusMark({ status, label }: { status: Status; label: string }) {
  return <span className={`${styles.mark} ${styles[tones[status] ?? 'plain']}`} role="img" aria-label={label} title={label} />;
}

/** Returns the colour of a status, for plots. */
export const statusColor = (status: Status) => (tones[status] === 'plain' || !tones[status] ? 'var(--line-strong)' : `var(--${tones[status]})`);
