import { useCallback, useMemo, useState } from 'react';

import type { ApiKeysQuery } from '../../api/gen/graphql';
import { usePageRead, useReadOnce } from '../../api/query';
import { useRows } from '../../api/rows';
import { useViewer } from '../../api/viewer';
import { Button } from '../../ui/Button';
import { Chip } from '../../ui/Chip';
import { type Column, DataTable } from '../../ui/DataTable';
import { Empty, Failed, Loading } from '../../ui/State';
import { CreatedBy } from '../../values/CreatedBy';
import { Text } from '../../values/Text';
import { Time } from '../../values/Time';
import { CreateKey } from './CreateKey';
import { ApiKeys as Document } from './documents';
import { RevokeKey } from './RevokeKey';
import styles from './SettingsPage.module.css';

export type Key = NonNullable<ApiKeysQuery['apiKeys']>['nodes'][number];

/** The keys of the project, which an admin creates and revokes. */
export function ApiKeys({ project }: { project: string }) {
  const readOnce = useReadOnce();
  const { requiresKey } = useViewer();
  const variables = useMemo(() => ({ project }), [project]);
  const { data, failure, reload } = usePageRead(Document, variables);
  const more = useCallback(async (after: string) => (await readOnce(Document, { ...variables, after })).apiKeys, [readOnce, variables]);
  const { rows, hasMore, loadMore, failure: moreFailure } = useRows(data?.apiKeys, more);
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<Key>();
  const columns = useMemo(() => columnsOf(setRevoking), []);
  return (
    <>
      <div className={styles.tools}>
        <p>{requiresKey ? 'A key gives access to this project only.' : 'This server does not require keys: everybody has full access.'}</p>
        <Button icon="plus" look="primary" onPress={() => setCreating(true)}>
          New key
        </Button>
      </div>
      <section className={styles.frame}>
        {!data?.apiKeys ? (
          failure ? <Failed failure={failure} onRetry={reload} /> : <Loading label="Loading the keys" />
        ) : rows.length === 0 ? (
          <Empty icon="key" title="The project has no API keys" />
        ) : (
          <DataTable label="API keys" columns={columns} rows={rows} idOf={(key: Key) => key.id} totalCount={data.apiKeys.totalCount} hasMore={hasMore} onMore={loadMore} />
        )}
        {moreFailure && <Failed failure={moreFailure} />}
      </section>
      {creating && <CreateKey project={project} onClose={() => setCreating(false)} onCreated={reload} />}
      {revoking && <RevokeKey apiKey={revoking} onClose={() => setRevoking(undefined)} />}
    </>
  );
}

function columnsOf(revoke: (key: Key) => void): Column<Key>[] {
  return [
    {
      id: 'name',
      text: 'Name',
      width: 170,
      cell: ({ name }) => (
        <span className={styles.name}>
          <Text text={name} />
        </span>
      ),
    },
    { id: 'state', text: 'State', width: 100, cell: (key) => <State apiKey={key} /> },
    { id: 'role', text: 'Role', width: 90, cell: ({ role }) => role?.toLowerCase() },
    { id: 'prefix', text: 'Begins with', width: 120, cell: ({ prefix }) => <code>{prefix}…</code> },
    { id: 'used', text: 'Last used', width: 120, cell: ({ lastUsedAt }) => (lastUsedAt ? <Time instant={lastUsedAt} /> : <span className={styles.muted}>never</span>) },
    { id: 'expires', text: 'Expires', width: 120, cell: ({ expiresAt }) => (expiresAt ? <Time instant={expiresAt} /> : <span className={styles.muted}>never</span>) },
    {
      id: 'created',
      text: 'Created',
      width: 190,
      cell: ({ createdAt, createdBy }) => <CreatedBy instant={createdAt} by={createdBy} />,
    },
    {
      id: 'revoke',
      text: 'Change',
      width: 110,
      cell: (key) =>
        !key.revokedAt && (
          <Button look="danger" aria-label={`Revoke ${key.name}`} onPress={() => revoke(key)}>
            Revoke
          </Button>
        ),
    },
  ];
}

function State({ apiKey: { revokedAt, expiresAt } }: { apiKey: Key }) {
  if (revokedAt) return <Chip tone="bad">revoked</Chip>;
  if (expiresAt && Date.parse(expiresAt) < Date.now()) return <Chip tone="warn">expired</Chip>;
  return <Chip tone="good">valid</Chip>;
}
