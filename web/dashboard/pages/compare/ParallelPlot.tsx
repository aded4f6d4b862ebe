import { useWidth } from '../../ui/width';
import type { Axis } from './axes';
import { lookOf } from './look';
import styles from './Plots.module.css';

interface PlotProps {
  /** The names of the versions. */
  labels: string[];
  /** The version that stands out. */
  active: number | undefined;
  onActive(index: number | undefined): void;
}

const height = 430;
const top = 56;
const bottom = 26;
const side = 90;
const minGap = 130;

/** Draws a line per version over one axis per key. */
export function ParallelPlot({ axes, labels, active, onActive }: PlotProps & { axes: Axis[] }) {
  const [frame, frameWidth] = useWidth();
  const width = Math.max(frameWidth, 2 * side + (axes.length - 1) * minGap);
  const x = (i: number) => (axes.length === 1 ? width / 2 : side + (i / (axes.length - 1)) * (width - 2 * side));
  const y = (place: number) => top + (1 - place) * (height - top - bottom);
  const pathOf = (version: number) => {
    let path = '';
    let isDrawing = false;
    axes.forEach((axis, i) => {
      const place = axis.places[version];
      if (place !== null) path += `${isDrawing ? 'L' : 'M'}${x(i).toFixed(1)} ${y(place).toFixed(1)}`;
      isDrawing = place !== null;
    });
    return path;
  };
  return (
    <div ref={frame} className={styles.scroll} tabIndex={0} role="group" aria-label="Parallel coordinates">
      <svg width={width} height={height} role="img" aria-label={`Lines of ${labels.length} versions over ${axes.map(({ id }) => id).join(', ')}`}>
        {axes.map((axis, i) => (
          <g key={axis.id} transform={`translate(${x(i).toFixed(1)} 0)`}>
            <text y={20} textAnchor="middle" className={styles.axisName}>
              <title>{axis.id}</title>
              {shorten(axis.key, 20)}
            </text>
            {axis.card && (
              <text y={36} textAnchor="middle" className={styles.axisCard}>
                {shorten(axis.card, 22)}
              </text>
            )}
            <path d={`M0 ${top}V${height - bottom}`} className={styles.axis} />
            {axis.ticks.map(({ place, text }) => (
              <text key={text} x={7} y={y(place) + 4} className={styles.tick}>
                {shorten(text, 16)}
              </text>
            ))}
          </g>
        ))}
        {labels.map((label, i) => (
          <g key={i} className={active === undefined || active === i ? undefined : styles.faded} onMouseEnter={() => onActive(i)} onMouseLeave={() => onActive(undefined)}>
            <title>{label}</title>
            <path d={pathOf(i)} className={styles.target} />
            <path d={pathOf(i)} className={styles.line} stroke={lookOf(i).color} strokeDasharray={lookOf(i).dash} />
            {axes.map((axis, j) => axis.places[i] !== null && <circle key={axis.id} cx={x(j)} cy={y(axis.places[i])} r="3.5" fill={lookOf(i).color} />)}
          </g>
        ))}
      </svg>
    </div>
  );
}

/** Returns a text that fits beside an axis. */
export const shorten = (text: string, length: number) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
