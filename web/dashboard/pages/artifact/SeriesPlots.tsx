import { useNavigate } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense, useId, useMemo, useState } from 'react';

import type { ArtifactSeriesQuery, ArtifactVersionFilter, MetadataKeyInput } from '../../api/gen/graphql';
import { usePageRead } from '../../api/query';
import { keyText } from '../../app/address';
import { ColumnPicker } from '../../app/keys/ColumnPicker';
import { VersionLink } from '../../app/links';
import { useProject } from '../../app/project';
import { Box } from '../../ui/Box';
import { Button } from '../../ui/Button';
import type { Range } from '../../ui/plot-range';
import { Empty, Failed, Loading } from '../../ui/State';
import { displayQuantity } from '../../values/display';
import { KeyName } from '../../values/KeyName';
import { ArtifactSeries } from './documents';
import styles from './SeriesPlots.module.css';

const Plot = lazy(() => import('../../ui/Plot'));

type Series = NonNullable<NonNullable<ArtifactSeriesQuery['artifact']>['series1']>;

interface SeriesPlotsProps {
  artifact: string;
  /** Keys that the page has already read. */
  known: MetadataKeyInput[];
  where: ArtifactVersionFilter | undefined;
  filters: ReactNode;
  /** Up to four keys. */
  keys: MetadataKeyInput[];
  onKeys(keys: MetadataKeyInput[]): void;
  /** The numbers of the first and the last version that are shown. */
  range: Range | undefined;
  onRange(range: Range | undefined): void;
}

/** A plot per chosen key over the versions. The plots share their cursor and their range. */
export function SeriesPlots({ artifact, known, where, filters, keys, onKeys, range, onRange }: SeriesPlotsProps) {
  const hint = useId();
  const project = useProject();
  const [key1, key2, key3, key4] = keys;
  const variables = {
    project,
    name: artifact,
    where,
    key1: key1?.key ?? '',
    card1: key1?.card,
    key2: key2?.key ?? '',
    card2: key2?.card,
    has2: key2 !== undefined,
    key3: key3?.key ?? '',
    card3: key3?.card,
    has3: key3 !== undefined,
    key4: key4?.key ?? '',
    card4: key4?.card,
    has4: key4 !== undefined,
  };
  const { data, failure, reload } = usePageRead(ArtifactSeries, variables, { pause: !key1 || project === undefined });
  const found = data?.artifact;
  const series = [found?.series1, found?.series2, found?.series3, found?.series4];
  return (
    <>
      <div className={styles.tools}>
        {filters}
        {range && (
          <Button icon="close" aria-label={`Show all versions, not only ${range[0]} to ${range[1]}`} onPress={() => onRange(undefined)}>
            Versions {range[0]} to {range[1]}
          </Button>
        )}
        <span id={hint} className={styles.hint}>
          Drag to zoom, click to open. Keys: <kbd>←</kbd> <kbd>→</kbd> move, <kbd>+</kbd> <kbd>−</kbd> zoom, <kbd>Enter</kbd> opens
        </span>
        <span className={styles.end}>
          <ColumnPicker
            artifact={artifact}
            known={known}
            chosen={keys}
            label="Keys"
            onChange={(next) => onKeys(next.slice(-4))}
          />
        </span>
      </div>
      {failure && <Failed failure={failure} onRetry={reload} />}
      {keys.length === 0 && <Empty icon="chart" title="No key with numbers is chosen" />}
      <div className={styles.plots}>
        {keys.map((key, i) => (
          <SeriesPlot
            key={keyText(key)}
            artifact={artifact}
            metadataKey={key}
            series={series[i]}
            color={`--series-${i + 1}`}
            waiting={!failure}
            range={range}
            onRange={onRange}
            hint={hint}
          />
        ))}
      </div>
    </>
  );
}

interface SeriesPlotProps {
  artifact: string;
  metadataKey: MetadataKeyInput;
  series: Series | null | undefined;
  color: string;
  waiting: boolean;
  range: Range | undefined;
  onRange(range: Range | undefined): void;
  /** The ID of the text that explains the keys. */
  hint: string;
}

function SeriesPlot({ artifact, metadataKey: { card, key }, series, color, waiting, range, onRange, hint }: SeriesPlotProps) {
  const navigate = useNavigate();
  const [index, setIndex] = useState<number>();
  const points = useMemo(
    () => (series?.points ?? []).filter(({ number, version }) => number !== null && version),
    [series],
  );
  const x = useMemo(() => points.map(({ version }) => version!.number), [points]);
  const y = useMemo(() => points.map(({ number }) => number ?? null), [points]);
  const kind = points[0]?.entry.kind;
  const yText = (number: number) => displayQuantity(kind, number);
  const point = points[index ?? points.length - 1];
  return (
    <Box
      title={<KeyName card={card} name={key} />}
      aside={
        point?.version && (
          <span role="status" className={styles.point}>
            <VersionLink name={artifact} version={point.version.version} className={styles.version} />
            <strong title={point.entry.display ?? undefined}>{yText(point.number ?? NaN)}</strong>
          </span>
        )
      }
    >
      {series === undefined && waiting && <Loading lines={4} />}
      {series && points.length === 0 && <Empty icon="chart" title="The key has no numbers" />}
      {points.length > 0 && (
        <Suspense fallback={<Loading lines={4} />}>
          <Plot
            label={`${key} over ${points.length} versions`}
            x={x}
            y={y}
            color={color}
            group={artifact}
            xText={String}
            yText={yText}
            onPoint={setIndex}
            range={range}
            onRange={onRange}
            describedBy={hint}
            onOpen={(i) =>
              void navigate({ to: '/version', search: { name: artifact, version: points[i].version!.version } })
            }
          />
        </Suspense>
      )}
      {series?.pageInfo.hasPreviousPage && <p className={styles.note}>The last {points.length} versions are drawn.</p>}
      {(series?.pageInfo.hasPreviousPage || range) && <p className={styles.note}>The figures are those of all versions.</p>}
      {series && points.length > 1 && <Figures statistics={series.statistics} text={yText} />}
    </Box>
  );
}

function Figures({ statistics, text }: { statistics: Series['statistics']; text(number: number): string }) {
  const figures = [
    ['min', statistics.min],
    ['median', statistics.p50],
    ['mean', statistics.mean],
    ['max', statistics.max],
    ['std. deviation', statistics.standardDeviation],
  ] as const;
  return (
    <dl className={styles.figures}>
      {figures.map(([name, number]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd title={String(number ?? '')}>{number === null || number === undefined ? '–' : text(number)}</dd>
        </div>
      ))}
    </dl>
  );
}
