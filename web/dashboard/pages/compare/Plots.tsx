// The plots of a comparison. It is a default export, because it is a chunk that is loaded when it is needed.

import { useMemo, useState } from 'react';

import { VersionLink } from '../../app/links';
import { Button } from '../../ui/Button';
import { Checkbox } from '../../ui/Field';
import { Popover } from '../../ui/Popover';
import { Select } from '../../ui/Select';
import { Empty } from '../../ui/State';
import { KeyName } from '../../values/KeyName';
import type { CompareAddress } from './address';
import { type Axis, axesOf, defaultAxes } from './axes';
import type { Change, Comparison } from './ComparePage';
import pageStyles from './ComparePage.module.css';
import { lookOf } from './look';
import { ParallelPlot } from './ParallelPlot';
import styles from './Plots.module.css';
import { changeRange, isInRanges, parseRanges } from './ranges';
import { ScatterPlot } from './ScatterPlot';

interface PlotsProps {
  comparison: Comparison;
  address: CompareAddress;
  change: Change;
}

/** A plot of chosen keys, with the versions as its legend. */
export default function Plots({ comparison, address, change }: PlotsProps) {
  const axes = useMemo(() => axesOf(comparison.rows), [comparison]);
  const defaults = useMemo(() => defaultAxes(axes), [axes]);
  const [active, setActive] = useState<number>();
  if (axes.length === 0) {
    return (
      <section className={pageStyles.frame}>
        <Empty icon="chart" title="There is nothing to draw">
          The versions have no key with different numbers or short texts.
        </Empty>
      </section>
    );
  }
  const find = (id: string | undefined) => axes.find((axis) => axis.id === id);
  const chosen = address.axes ? axes.filter(({ id }) => address.axes?.includes(id)) : defaults;
  const x = find(address.x) ?? defaults[0] ?? axes[0];
  const y = find(address.y) ?? defaults.at(-1) ?? axes[0];
  const labels = comparison.versions.map(({ artifact, version }) => `${artifact.name} / ${version}`);
  const plot = { labels, active, onActive: setActive };
  const isParallel = address.view !== 'scatter';
  const ranges = parseRanges(isParallel ? (address.ranges ?? []) : [], chosen);
  const within = labels.map((_, i) => i).filter((i) => isInRanges(chosen, ranges, i));
  return (
    <section className={`${pageStyles.frame} ${styles.plots}`}>
      <div className={styles.choice}>
        {isParallel ? (
          <AxisPicker axes={axes} chosen={chosen} onChange={(ids) => change({ axes: ids.length > 0 ? ids : undefined })} />
        ) : (
          <>
            <AxisSelect label="Horizontal" axes={axes} axis={x} onChange={(id) => change({ x: id })} />
            <AxisSelect label="Vertical" axes={axes} axis={y} onChange={(id) => change({ y: id })} />
          </>
        )}
        {isParallel && (
          <RangeState
            within={within.length}
            all={labels.length}
            hasRanges={ranges.size > 0}
            onClear={() => change({ ranges: undefined })}
            onOnly={() => change({ versions: within.map((i) => address.versions![i]), ranges: undefined })}
          />
        )}
      </div>
      <div className={styles.plot}>
        {isParallel ? (
          <ParallelPlot axes={chosen} {...plot} ranges={ranges} onRange={(axis, range) => change({ ranges: changeRange(address.ranges ?? [], axis, range) })} />
        ) : (
          <ScatterPlot x={x} y={y} {...plot} />
        )}
      </div>
      <Legend comparison={comparison} active={active} within={within} onActive={setActive} />
    </section>
  );
}

interface RangeStateProps {
  /** The number of versions in the ranges. */
  within: number;
  all: number;
  hasRanges: boolean;
  onClear(): void;
  /** Compares only the versions in the ranges. */
  onOnly(): void;
}

/** How many versions are in the ranges, and what a person can do with them. */
function RangeState({ within, all, hasRanges, onClear, onOnly }: RangeStateProps) {
  return (
    <>
      <span className={styles.within} role="status">
        {hasRanges ? `${within} of ${all} versions are in the ranges` : 'Drag along an axis, or move its handles, to choose a range'}
      </span>
      {hasRanges && <Button onPress={onClear}>Clear the ranges</Button>}
      {hasRanges && within >= 2 && within < all && <Button onPress={onOnly}>Compare only these</Button>}
    </>
  );
}

interface LegendProps {
  comparison: Comparison;
  active: number | undefined;
  /** The versions in the ranges. */
  within: number[];
  onActive(index: number | undefined): void;
}

function Legend({ comparison, active, within, onActive }: LegendProps) {
  return (
    <ul className={styles.legend} aria-label="Versions">
      {comparison.versions.map(({ id, artifact, version }, i) => {
        const { color, dash } = lookOf(i);
        return (
          <li
            key={id}
            className={`${styles.item} ${active === i ? styles.active : ''} ${within.includes(i) ? '' : styles.outside}`}
            onMouseEnter={() => onActive(i)}
            onMouseLeave={() => onActive(undefined)}
            onFocus={() => onActive(i)}
            onBlur={() => onActive(undefined)}
          >
            <svg width="26" height="10" aria-hidden="true">
              <path d="M1 5h24" stroke={color} strokeDasharray={dash} strokeWidth="2.5" />
            </svg>
            <VersionLink name={artifact.name} version={version} full />
          </li>
        );
      })}
    </ul>
  );
}

interface AxisSelectProps {
  label: string;
  axes: Axis[];
  axis: Axis;
  onChange(id: string): void;
}

function AxisSelect({ label, axes, axis, onChange }: AxisSelectProps) {
  const choices = axes.map(({ id, card, key }) => ({ id, text: card ? `${card} / ${key}` : key }));
  return <Select label={label} choices={choices} value={axis.id} onChange={onChange} />;
}

interface AxisPickerProps {
  axes: Axis[];
  chosen: Axis[];
  onChange(ids: string[]): void;
}

function AxisPicker({ axes, chosen, onChange }: AxisPickerProps) {
  const ids = chosen.map(({ id }) => id);
  return (
    <Popover label="Axes" button={<Button icon="columns">Axes</Button>}>
      <ul className={styles.axes}>
        {axes.map(({ id, card, key }) => (
          <li key={id}>
            <Checkbox selected={ids.includes(id)} onChange={(selected) => onChange(selected ? [...ids, id] : ids.filter((other) => other !== id))}>
              <KeyName card={card} name={key} />
            </Checkbox>
          </li>
        ))}
      </ul>
    </Popover>
  );
}
