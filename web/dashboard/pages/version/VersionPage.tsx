import { getRouteApi } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';

import type { VersionPageQuery } from '../../api/gen/graphql';
import { usePageRead } from '../../api/query';
import { AsOf } from '../../app/as-of/AsOf';
import { NotYet } from '../../app/as-of/NotYet';
import { useProject } from '../../app/project';
import { Empty, Failed, Loading } from '../../ui/State';
import { useTitle } from '../../ui/title';
import { refOf, type VersionAddress } from './address';
import { Cards } from './Cards';
import { VersionPage as Document } from './documents';
import { Heading } from './Heading';
import { History } from './History';
import { Origin, Uses } from './Lineage';
import { Timeline } from './Timeline';
import styles from './VersionPage.module.css';

const route = getRouteApi('/version');

export type Version = NonNullable<VersionPageQuery['artifactVersion']>;

/** One version: its facts as cards, its origin and its uses. */
export function VersionPage() {
  const address = route.useSearch();
  const navigate = route.useNavigate();
  const project = useProject();
  const change = useCallback(
    (next: Partial<VersionAddress>) => void navigate({ search: (before) => ({ ...before, ...next }), resetScroll: false }),
    [navigate],
  );
  const [pastOpen, setPastOpen] = useState(false);
  const { name, version, alias, asOf } = address;
  const ref = useMemo(() => refOf(project, { name, version, alias }), [project, name, version, alias]);
  const variables = useMemo(() => ({ ref, asOf }), [ref, asOf]);
  const { data, failure, loading, reload } = usePageRead(Document, variables, { pause: project === undefined });
  useTitle(`${name ?? 'Version'} ${version ?? alias ?? ''}`);

  const shown = data?.artifactVersion;
  if (!shown) {
    if (failure) return <Failed failure={failure} onRetry={reload} page />;
    if (loading || !data) return <Loading label="Loading the version" lines={10} />;
    return <Missing address={address} onNow={() => change({ asOf: undefined })} />;
  }
  return (
    <div className={styles.page}>
      <Heading version={shown} project={project} onChanged={reload} onPast={() => setPastOpen(!pastOpen)} />
      {(pastOpen || asOf) && (
        <AsOf target={ref} asOf={asOf} onChange={(next) => change({ asOf: next })} onClose={() => setPastOpen(false)} />
      )}
      <div className={styles.columns}>
        <div>
          <Cards version={shown} onOpen={(key) => change({ key })} />
        </div>
        <aside className={styles.side} aria-label="Origin, uses and timeline">
          <Origin version={shown} />
          <Uses version={shown} />
          <Timeline version={shown} />
        </aside>
      </div>
      {address.key && (
        <History version={shown} target={ref} keyText={address.key} onClose={() => change({ key: undefined })} onChanged={reload} />
      )}
    </div>
  );
}

function Missing({ address, onNow }: { address: VersionAddress; onNow(): void }) {
  if (address.asOf) return <NotYet onNow={onNow} />;
  return (
    <Empty icon="search" title="There is no such version" page>
      {address.name ?? 'The address has no name of an artifact.'} {address.version ?? address.alias}
    </Empty>
  );
}
