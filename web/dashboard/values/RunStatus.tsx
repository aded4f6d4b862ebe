import type { RunStatus as Status } from '../api/gen/graphql';
import { Chip, type ChipTone } from '../ui/Chip';

const tones: Record<Status, ChipTone> = { RUNNING: 'info', COMPLETED: 'good', FAILED: 'bad', CANCELLED: 'plain', CACHED: 'warn' };

/** Shows the status of a run. */
export function RunStatus({ status }: { status: Status }) {
  return <Chip tone={tones[status] ?? 'plain'}>{status.toLowerCase()}</Chip>;
}
