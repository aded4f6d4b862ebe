import { useCallback, useMemo } from 'react';

import { usePageRead, useReadOnce } from '../../api/query';
import { useRows } from '../../api/rows';
import { VersionLink } from '../../app/links';
import { useProject } from '../../app/project';
import { Button } from '../../ui/Button';
import { Box } from '../../ui/Box';
import { Empty, Failed, Loading } from '../../ui/State';
import { EventList } from '../../values/EventList';
import { Text } from '../../values/Text';
import { ArtifactTimeline as Document } from './documents';
import styles from './ArtifactTimeline.module.css';

/** What happened to the artifact and its versions, newest first. */
export function ArtifactTimeline({ artifact }: { artifact: string }) {
  const project = useProject();
  const readOnce = useReadOnce();
  const variables = useMemo(() => ({ project, name: artifact }), [project, artifact]);
  const { data, failure, reload } = usePageRead(Document, variables, { pause: project === undefined });
  const more = useCallback(
    async (after: string) => (await readOnce(Document, { ...variables, after })).artifact?.timeline,
    [readOnce, variables],
  );
  const timeline = data?.artifact?.timeline;
  const { rows, hasMore, loadMore } = useRows(timeline, more);
  return (
    <Box title="Timeline">
      {failure && <Failed failure={failure} onRetry={reload} />}
      {!timeline && !failure && <Loading label="Loading the timeline" />}
      {timeline && rows.length === 0 && <Empty icon="history" title="No events yet" />}
      <EventList
        events={rows}
        describe={({ version, artifactVersion }) =>
          version && (
            <span className={styles.version}>
              {artifactVersion ? <VersionLink name={artifact} version={version} /> : <Text text={version} />}
            </span>
          )
        }
      />
      {hasMore && (
        <p className={styles.more}>
          <Button onPress={loadMore}>Show earlier events</Button>
        </p>
      )}
    </Box>
  );
}
