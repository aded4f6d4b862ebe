import { getRouteApi, Link } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useMemo, useState } from 'react';

import { usePageRead } from '../../api/query';
import { AsOf } from '../../app/as-of/AsOf';
import { NotYet } from '../../app/as-of/NotYet';
import { VersionLink } from '../../app/links';
import { useProject } from '../../app/project';
import { Button } from '../../ui/Button';
import { Segments } from '../../ui/Segments';
import { Empty, Failed, Loading } from '../../ui/State';
import { useTitle } from '../../ui/title';
import { type LineageAddress, refOf, type View } from './address';
import { Lineage } from './documents';
import { useExpansions } from './expansions';
import { type Direction, expansionText, joinGraph } from './graph';
import styles from './LineagePage.module.css';
import { ListView } from './ListView';

const route = getRouteApi('/lineage');
const GraphView = lazy(() => import('./GraphView'));
const none: string[] = [];

/** What a version was made from and what was made from it, as a graph or as a list. */
export function LineagePage() {
  const address = route.useSearch();
  const navigate = route.useNavigate();
  const project = useProject();
  const change = useCallback(
    (next: Partial<LineageAddress>, replace = false) => void navigate({ search: (before) => ({ ...before, ...next }), replace, resetScroll: false }),
    [navigate],
  );
  const { name, version, asOf, view = 'graph', expanded = none } = address;
  const [pastOpen, setPastOpen] = useState(false);
  const ref = useMemo(() => refOf(project, { name, version }), [project, name, version]);
  const variables = useMemo(() => ({ ref, asOf }), [ref, asOf]);
  // The expansions of another instant have other IDs.
  const changeInstant = (next?: string) => change({ asOf: next, expanded: undefined });
  const { data, failure, loading, reload } = usePageRead(Lineage, variables, { pause: project === undefined });
  useTitle(`Lineage of ${name ?? ''} ${version ?? ''}`);
  const root = data?.artifactVersion;
  // The cache makes new objects for the same data, so the expansions depend on what the lineage contains.
  const content = root ? [root, ...(root.upstream?.versions ?? []), ...(root.downstream?.versions ?? [])].map(({ id }) => id).join() : undefined;
  const expansions = useExpansions(content, expanded);
  const { readings } = expansions;
  const graph = useMemo(
    () =>
      root &&
      joinGraph(root, [{ id: root.id, direction: 'up', part: root.upstream }, { id: root.id, direction: 'down', part: root.downstream }, ...readings]),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the list of readings is new in each render
    [root, readings.map(({ id, direction }) => direction + id).join()],
  );
  const expand = useCallback((id: string, direction: Direction) => change({ expanded: [...expanded, expansionText(id, direction)] }), [change, expanded]);

  if (!root || !graph) {
    if (failure) return <Failed failure={failure} onRetry={reload} page />;
    if (loading || !data) return <Loading label="Loading the lineage" lines={9} />;
    if (asOf) return <NotYet onNow={() => changeInstant()} />;
    return (
      <Empty icon="search" title="There is no such version" page>
        <Link to="/">All artifacts</Link>
      </Empty>
    );
  }
  const isAlone = graph.nodes.size === 1 && !failure;
  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <h1>
          <span className={styles.muted}>Lineage of</span> <VersionLink name={root.artifact.name} version={root.version} asOf={asOf} full />
        </h1>
        <span className={styles.count} role="status">
          {expansions.loading ? 'Loading…' : `${graph.nodes.size} ${graph.nodes.size === 1 ? 'version' : 'versions'}`}
        </span>
        <span className={styles.space} />
        <Button icon="clock" onPress={() => setPastOpen(!pastOpen)}>
          As of
        </Button>
        <Segments
          label="View"
          choices={[
            { id: 'graph', text: 'Graph' },
            { id: 'list', text: 'List' },
          ]}
          value={view}
          onChange={(next: View) => change({ view: next })}
        />
      </header>
      {(pastOpen || asOf) && <AsOf target={ref} asOf={asOf} onChange={changeInstant} onClose={() => setPastOpen(false)} />}
      {failure && <Failed failure={failure} onRetry={reload} />}
      {expansions.failure && <Failed failure={expansions.failure} onRetry={reload} />}
      <section className={`${styles.frame} ${view === 'list' ? styles.list : ''}`}>
        {isAlone && (
          <p className={styles.alone}>No step run is known to have made this version from others, or to have read it.</p>
        )}
        {view === 'list' ? (
          <ListView graph={graph} onExpand={expand} />
        ) : (
          <Suspense fallback={<Loading label="Loading the graph" />}>
            <GraphView graph={graph} onExpand={expand} />
          </Suspense>
        )}
      </section>
    </div>
  );
}
