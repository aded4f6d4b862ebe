import { getRouteApi } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';

import { keyText, parseKeyText } from '../../app/address';
import { ViewLinks } from '../../app/ViewLinks';
import { Empty, Failed, Loading } from '../../ui/State';
import { useTitle } from '../../ui/title';
import { type ArtifactAddress, defaultSort, parseRange, rangeText, type View } from './address';
import styles from './ArtifactPage.module.css';
import { type Condition, conditionText, filterOf, parseConditions } from './filters';
import { Filters } from './Filters';
import { Heading } from './Heading';
import { KeyCatalogue } from './KeyCatalogue';
import { SeriesPlots } from './SeriesPlots';
import { ArtifactTimeline } from './ArtifactTimeline';
import { useVersions } from './useVersions';
import { VersionTable } from './VersionTable';

const route = getRouteApi('/artifact');

const viewTexts: Record<View, string> = { versions: 'Versions', plot: 'Plot', keys: 'Keys', timeline: 'Timeline' };

/** One artifact: its versions as a table, its keys as plots and as a catalogue, and its timeline. */
export function ArtifactPage() {
  const address = route.useSearch();
  const navigate = route.useNavigate();
  const change = useCallback(
    (next: Partial<ArtifactAddress>) =>
      void navigate({ search: (before) => ({ ...before, ...next }), resetScroll: false }),
    [navigate],
  );
  const { name = '', view = 'versions', match = 'all' } = address;
  useTitle(name);
  const conditions = useMemo(() => parseConditions(address.filters ?? []), [address.filters]);
  const where = useMemo(() => filterOf(conditions, match), [conditions, match]);
  const range = useMemo(() => parseRange(address.range), [address.range]);
  const list = useVersions(address, where);
  const sort = address.sort ? { id: address.sort, direction: address.order ?? 'desc' } : defaultSort;

  if (!list.artifact) {
    if (list.failure) return <Failed failure={list.failure} onRetry={list.reload} page />;
    if (list.loading || !list.answered) return <Loading label="Loading the artifact" lines={10} />;
    return (
      <Empty icon="search" title="There is no such artifact" page>
        {name || 'The address has no name.'}
      </Empty>
    );
  }
  const onFilters = (next: Condition[], nextMatch = match) =>
    change({ filters: next.map(conditionText), match: nextMatch === 'all' ? undefined : nextMatch });
  const filters = (
    <Filters
      artifact={name}
      known={list.latestKeys}
      conditions={conditions}
      match={match}
      where={where}
      onChange={onFilters}
    />
  );
  return (
    <div className={styles.page}>
      <Heading artifact={list.artifact} />
      <ViewLinks
        label="Views of the artifact"
        views={(Object.keys(viewTexts) as View[]).map((id) => ({
          text: viewTexts[id],
          selected: view === id,
          link: { to: '/artifact', search: { ...address, view: id === 'versions' ? undefined : id } },
        }))}
      />
      {view === 'versions' && (
        <VersionTable
          list={list}
          artifact={name}
          filters={filters}
          sort={sort}
          onSort={({ id, direction }) => change({ sort: id, order: direction })}
          onColumns={(keys) => change({ columns: keys.length > 0 ? keys.map(keyText) : ['none'] })}
        />
      )}
      {view === 'plot' && (
        <SeriesPlots
          artifact={name}
          known={list.latestKeys}
          where={where}
          filters={filters}
          keys={(address.series?.map(parseKeyText) ?? list.numericKeys).slice(0, 4)}
          onKeys={(keys) => change({ series: keys.map(keyText) })}
          range={range}
          onRange={(next) => change({ range: rangeText(next) })}
        />
      )}
      {view === 'keys' && (
        <KeyCatalogue artifact={name} onPlot={(key) => change({ view: 'plot', series: [keyText(key)] })} />
      )}
      {view === 'timeline' && <ArtifactTimeline artifact={name} />}
    </div>
  );
}
