import { getRouteApi } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useMemo } from 'react';

import type { CompareQuery } from '../../api/gen/graphql';
import { usePageRead } from '../../api/query';
import { useProject } from '../../app/project';
import { Checkbox, SearchField } from '../../ui/Field';
import { Segments } from '../../ui/Segments';
import { Empty, Failed, Loading } from '../../ui/State';
import { useTitle } from '../../ui/title';
import { AddVersions, VersionPicker } from './AddVersions';
import { type CompareAddress, refOf, type View } from './address';
import styles from './ComparePage.module.css';
import { Compare } from './documents';
import { FactsTable } from './FactsTable';
import { Unreadable } from './Unreadable';

const route = getRouteApi('/compare');
const Plots = lazy(() => import('./Plots'));

export type Comparison = NonNullable<CompareQuery['compareArtifactVersions']>;
export type Change = (next: Partial<CompareAddress>, replace?: boolean) => void;

const views = [
  { id: 'facts', text: 'Facts' },
  { id: 'parallel', text: 'Parallel coordinates' },
  { id: 'scatter', text: 'Scatter' },
] as const;

/** The comparison of versions: a table of their facts, and plots of chosen keys. */
export function ComparePage() {
  const address = route.useSearch();
  const navigate = route.useNavigate();
  const project = useProject();
  const change = useCallback<Change>(
    (next, replace = false) => void navigate({ search: (before) => ({ ...before, ...next }), replace, resetScroll: false }),
    [navigate],
  );
  useTitle('Compare');
  const { versions = [], baseline, all, view = 'facts' } = address;
  const variables = useMemo(
    () => ({
      refs: versions.map((text) => refOf(project, text)),
      baseline: baseline && versions.includes(baseline) ? refOf(project, baseline) : undefined,
      onlyDiffering: all !== 'yes',
    }),
    [project, versions, baseline, all],
  );
  const enough = versions.length >= 2;
  const { data, failure, loading, reload } = usePageRead(Compare, variables, { pause: project === undefined || !enough });
  const comparison = enough ? data?.compareArtifactVersions : undefined;

  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <h1>Compare</h1>
        {comparison && <Segments label="View" choices={views} value={view} onChange={(next: View) => change({ view: next })} />}
        <div className={styles.tools}>
          {comparison && view === 'facts' && (
            <SearchField label="Search keys" placeholder="Search keys" value={address.search ?? ''} onChange={(search) => change({ search }, true)} />
          )}
          {comparison && (
            <Checkbox selected={all !== 'yes'} onChange={(only) => change({ all: only ? undefined : 'yes' })}>
              Only differences
            </Checkbox>
          )}
          {enough && <AddVersions versions={versions} onChange={(next) => change({ versions: next })} />}
        </div>
      </header>
      {!enough ? (
        <Choose versions={versions} change={change} />
      ) : comparison ? (
        view === 'facts' ? (
          <FactsTable comparison={comparison} address={address} change={change} loading={loading} />
        ) : (
          <Suspense fallback={<Loading label="Loading the plot" />}>
            <Plots comparison={comparison} address={address} change={change} />
          </Suspense>
        )
      ) : failure ? (
        failure.code === 'NOT_FOUND' || failure.code === 'BAD_INPUT' || failure.code === 'LIMIT_EXCEEDED' ? (
          <Unreadable failure={failure} versions={versions} change={change} />
        ) : (
          <Failed failure={failure} onRetry={reload} />
        )
      ) : (
        <section className={styles.frame}>
          <Loading label="Loading the comparison" lines={9} />
        </section>
      )}
    </div>
  );
}

/** Asks for versions while there is nothing to compare. */
function Choose({ versions, change }: { versions: string[]; change: Change }) {
  return (
    <section className={styles.frame}>
      <Empty icon="compare" title={versions.length === 0 ? 'Choose the versions to compare' : 'Choose one more version'}>
        <p>Two to twenty versions, also of different artifacts. The first one is the baseline of the differences.</p>
        <div className={styles.choose}>
          <VersionPicker versions={versions} onChange={(next) => change({ versions: next }, true)} />
        </div>
      </Empty>
    </section>
  );
}
