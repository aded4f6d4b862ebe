import { type PointerEvent, useState } from 'react';

import { useWidth } from '../../ui/width';
import { AxisRange } from './AxisRange';
import type { Axis } from './axes';
import { lookOf } from './look';
import styles from './Plots.module.css';
import { isInRanges, limit, type Range, type Ranges } from './ranges';

interface ParallelPlotProps {
  axes: Axis[];
  /** The names of the versions. */
  labels: string[];
  /** The version that stands out. */
  active: number | undefined;
  onActive(index: number | undefined): void;
  /** Versions outside of them are faint. */
  ranges: Ranges;
  onRange(axis: Axis, range: Range): void;
}

const height = 430;
const top = 64;
const bottom = 34;
const side = 90;
const minGap = 130;
const length = height - top - bottom;

/** Draws a line per version over one axis per key. */
export function ParallelPlot({ axes, labels, active, onActive, ranges, onRange }: ParallelPlotProps) {
  const [frame, frameWidth] = useWidth();
  const width = Math.max(frameWidth, 2 * side + (axes.length - 1) * minGap);
  const x = (i: number) => (axes.length === 1 ? width / 2 : side + (i / (axes.length - 1)) * (width - 2 * side));
  const y = (place: number) => top + (1 - place) * length;
  const classOf = (version: number) => {
    if (!isInRanges(axes, ranges, version)) return styles.outside;
    return active === undefined || active === version ? undefined : styles.faded;
  };
  return (
    <div ref={frame} className={styles.scroll} tabIndex={0} role="group" aria-label="Parallel coordinates">
      <div className={styles.drawing} style={{ width }}>
        <svg width={width} height={height} role="img" aria-label={`Lines of ${labels.length} versions over ${axes.map(({ id }) => id).join(', ')}`}>
          {axes.map((axis, i) => (
            <AxisLine key={axis.id} axis={axis} x={x(i)} y={y} range={ranges.get(axis.id)} onRange={(range) => onRange(axis, range)} />
          ))}
          {labels.map((label, i) => (
            <g key={i} className={classOf(i)} onMouseEnter={() => onActive(i)} onMouseLeave={() => onActive(undefined)}>
              <title>{label}</title>
              <path d={pathOf(axes, i, x, y)} className={styles.target} />
              <path d={pathOf(axes, i, x, y)} className={styles.line} stroke={lookOf(i).color} strokeDasharray={lookOf(i).dash} />
              {axes.map((axis, j) => axis.places[i] !== null && <circle key={axis.id} cx={x(j)} cy={y(axis.places[i])} r="3.5" fill={lookOf(i).color} />)}
            </g>
          ))}
        </svg>
        {axes.map(
          (axis, i) =>
            axis.min < axis.max && (
              <AxisRange key={axis.id} axis={axis} range={ranges.get(axis.id)} left={x(i)} top={top} height={length} onChange={(range) => onRange(axis, range)} />
            ),
        )}
      </div>
    </div>
  );
}

/** Returns the line of a version. It has gaps where the version has no value. */
function pathOf(axes: Axis[], version: number, x: (i: number) => number, y: (place: number) => number): string {
  let path = '';
  let isDrawing = false;
  axes.forEach((axis, i) => {
    const place = axis.places[version];
    if (place !== null) path += `${isDrawing ? 'L' : 'M'}${x(i).toFixed(1)} ${y(place).toFixed(1)}`;
    isDrawing = place !== null;
  });
  return path;
}

interface AxisLineProps {
  axis: Axis;
  x: number;
  y(place: number): number;
  range: Range | undefined;
  onRange(range: Range): void;
}

/** An axis with its name and its numbers. Dragging along it chooses a range, and a click shows the whole axis again. */
function AxisLine({ axis, x, y, range, onRange }: AxisLineProps) {
  const [drawn, setDrawn] = useState<Range>();
  const start = (down: PointerEvent<SVGRectElement>) => {
    if (down.button !== 0) return;
    const area = down.currentTarget;
    const { top: edge } = area.getBoundingClientRect();
    const rangeTo = (event: { clientY: number }): Range => {
      const [one, other] = [down.clientY, event.clientY].map((position) => limit(1 - (position - edge) / length));
      return one < other ? [one, other] : [other, one];
    };
    const move = (event: globalThis.PointerEvent) => setDrawn(rangeTo(event));
    const end = (event: globalThis.PointerEvent) => {
      area.removeEventListener('pointermove', move);
      area.removeEventListener('pointerup', end);
      area.removeEventListener('pointercancel', end);
      setDrawn(undefined);
      const chosen = rangeTo(event);
      if (event.type === 'pointerup') onRange(chosen[1] - chosen[0] < 0.01 ? [0, 1] : chosen);
    };
    area.setPointerCapture(down.pointerId);
    area.addEventListener('pointermove', move);
    area.addEventListener('pointerup', end);
    area.addEventListener('pointercancel', end);
  };
  const [low, high] = drawn ?? range ?? [0, 0];
  return (
    <g transform={`translate(${x.toFixed(1)} 0)`}>
      <text y={20} textAnchor="middle" className={styles.axisName}>
        <title>{axis.id}</title>
        {shorten(axis.key, 20)}
      </text>
      {axis.card && (
        <text y={36} textAnchor="middle" className={styles.axisCard}>
          {shorten(axis.card, 22)}
        </text>
      )}
      <path d={`M0 ${top}v${length}`} className={styles.axis} />
      {(drawn || range) && <rect x={-7} width={14} y={y(high)} height={y(low) - y(high)} className={styles.range} />}
      {axis.ticks.map(({ place, text }) => (
        <text key={text} x={11} y={y(place) + 4} className={styles.tick}>
          {shorten(text, 16)}
        </text>
      ))}
      {axis.min < axis.max && <rect x={-10} width={20} y={top} height={length} className={styles.brush} data-testid={`axis ${axis.id}`} onPointerDown={start} />}
    </g>
  );
}

/** Returns a text that fits beside an axis. */
export const shorten = (text: string, size: number) => (text.length > size ? `${text.slice(0, size - 1)}…` : text);
