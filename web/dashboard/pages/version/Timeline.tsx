import { Box } from '../../ui/Box';
import { EventList } from '../../values/EventList';
import { Failed } from '../../ui/State';
import { Failure } from '../../api/failure';
import type { Version } from './VersionPage';

/** The newest events of the version. */
export function Timeline({ version: { timeline } }: { version: Version }) {
  return (
    <Box title="Timeline">
      {timeline ? <EventList events={timeline.nodes} /> : <Failed failure={new Failure('The timeline could not be read.', 'INTERNAL')} />}
    </Box>
  );
}
