import { useWidth } from '../../ui/width';
import type { Axis } from './axes';
import { lookOf } from './look';
import { shorten } from './ParallelPlot';
import styles from './Plots.module.css';

interface ScatterPlotProps {
  x: Axis;
  y: Axis;
  /** The names of the versions. */
  labels: string[];
  /** The version that stands out. */
  active: number | undefined;
  onActive(index: number | undefined): void;
}

const height = 460;
const margin = { top: 20, right: 40, bottom: 52, left: 96 };

/** Draws a point per version over two keys. */
export function ScatterPlot({ x, y, labels, active, onActive }: ScatterPlotProps) {
  const [frame, width] = useWidth();
  const inner = { width: Math.max(width - margin.left - margin.right, 100), height: height - margin.top - margin.bottom };
  // Points keep a distance from the axes.
  const left = (place: number) => margin.left + (0.04 + 0.92 * place) * inner.width;
  const top = (place: number) => margin.top + (0.96 - 0.92 * place) * inner.height;
  const base = margin.top + inner.height;
  return (
    <div ref={frame} className={styles.scroll}>
      <svg width={width} height={height} role="img" aria-label={`${labels.length} versions by ${x.id} and ${y.id}`}>
        {y.ticks.map(({ place, text }) => (
          <g key={text}>
            <path d={`M${margin.left} ${top(place)}h${inner.width}`} className={styles.grid} />
            <text x={margin.left - 8} y={top(place) + 4} textAnchor="end" className={styles.tick}>
              {shorten(text, 13)}
            </text>
          </g>
        ))}
        {x.ticks.map(({ place, text }) => (
          <g key={text}>
            <path d={`M${left(place)} ${margin.top}V${base}`} className={styles.grid} />
            <text x={left(place)} y={base + 18} textAnchor="middle" className={styles.tick}>
              {shorten(text, 14)}
            </text>
          </g>
        ))}
        <path d={`M${margin.left} ${margin.top}V${base}h${inner.width}`} className={styles.axis} />
        <text x={margin.left + inner.width / 2} y={height - 8} textAnchor="middle" className={styles.axisName}>
          {shorten(x.id, 40)}
        </text>
        <text x={16} y={margin.top + inner.height / 2} textAnchor="middle" transform={`rotate(-90 16 ${margin.top + inner.height / 2})`} className={styles.axisName}>
          {shorten(y.id, 40)}
        </text>
        {labels.map((label, i) => {
          const [horizontal, vertical] = [x.places[i], y.places[i]];
          if (horizontal === null || vertical === null) return null;
          return (
            <g key={i} className={active === undefined || active === i ? undefined : styles.faded} onMouseEnter={() => onActive(i)} onMouseLeave={() => onActive(undefined)}>
              <title>{label}</title>
              <circle cx={left(horizontal)} cy={top(vertical)} r={active === i ? 8 : 6} fill={lookOf(i).color} className={styles.point} />
              <text x={left(horizontal)} y={top(vertical) - 11} textAnchor={horizontal > 0.85 ? 'end' : horizontal < 0.1 ? 'start' : 'middle'} className={styles.pointName}>
                {shorten(label, 34)}
              </text>
            </g>
          );
        })}
      </svg>
    </div>
  );
}
