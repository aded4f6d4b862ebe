import { useCallback, useMemo } from 'react';

import type { AuditAction, AuditQuery } from '../../api/gen/graphql';
import { usePageRead, useReadOnce } from '../../api/query';
import { useRows } from '../../api/rows';
import { Button } from '../../ui/Button';
import { Chip } from '../../ui/Chip';
import { type Column, DataTable } from '../../ui/DataTable';
import { Popover } from '../../ui/Popover';
import { Empty, Failed, Loading } from '../../ui/State';
import { Facet } from '../../values/Facet';
import { Text } from '../../values/Text';
import { Time } from '../../values/Time';
import { actionNames, actions, type SettingsAddress } from './address';
import { Audit as Document } from './documents';
import styles from './SettingsPage.module.css';

type Event = NonNullable<AuditQuery['auditEvents']>['nodes'][number];

interface AuditProps {
  project: string;
  address: SettingsAddress;
  change(next: Partial<SettingsAddress>): void;
}

/** Who changed keys, aliases, descriptions and more, newest first. */
export function Audit({ project, address: { actions: chosen }, change }: AuditProps) {
  const readOnce = useReadOnce();
  const variables = useMemo(() => ({ project, where: chosen && { action: { in: chosen } } }), [project, chosen]);
  const { data, failure, reload } = usePageRead(Document, variables);
  const more = useCallback(async (after: string) => (await readOnce(Document, { ...variables, after })).auditEvents, [readOnce, variables]);
  const { rows, hasMore, loadMore, failure: moreFailure } = useRows(data?.auditEvents, more);
  const facet = (
    <Facet
      title="Action"
      items={actions.map((name) => ({ name }))}
      chosen={chosen}
      textOf={(action) => actionNames[action as AuditAction]}
      onChange={(next) => change({ actions: next as AuditAction[] | undefined })}
    />
  );
  return (
    <>
      <div className={styles.tools}>
        <p>Changes that are recorded for good, with the key that made them.</p>
        <Popover label="Filters" button={<Button icon="filter">Filters</Button>}>
          {facet}
        </Popover>
      </div>
      <section className={styles.frame}>
        {!data?.auditEvents ? (
          failure ? <Failed failure={failure} onRetry={reload} /> : <Loading label="Loading the audit events" />
        ) : rows.length === 0 ? (
          <Empty icon="history" title={chosen ? 'No event matches' : 'No events yet'}>
            {chosen && <Button onPress={() => change({ actions: undefined })}>Clear the filters</Button>}
          </Empty>
        ) : (
          <DataTable label="Audit" columns={columns} rows={rows} idOf={(event: Event) => event.id} totalCount={data.auditEvents.totalCount} hasMore={hasMore} onMore={loadMore} />
        )}
        {moreFailure && <Failed failure={moreFailure} />}
      </section>
    </>
  );
}

const columns: Column<Event>[] = [
  { id: 'action', text: 'Action', width: 160, cell: ({ action }) => <Chip>{actionNames[action] ?? action}</Chip> },
  {
    id: 'description',
    text: 'Object',
    width: 480,
    cell: ({ description }) => (
      <span title={description}>
        <Text text={description} />
      </span>
    ),
  },
  { id: 'by', text: 'By', width: 140, cell: ({ createdBy }) => createdBy && <Text text={createdBy} /> },
  { id: 'time', text: 'Time', width: 140, cell: ({ createdAt }) => <Time instant={createdAt} /> },
];
