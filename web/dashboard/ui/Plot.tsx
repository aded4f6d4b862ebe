// A line plot, drawn by uPlot on a canvas. It is a chunk of its own.

import 'uplot/dist/uPlot.min.css';

import { useEffect, useRef } from 'react';
import uPlot from 'uplot';

import styles from './Plot.module.css';

export interface PlotProps {
  /** What the plot shows, for screen readers. */
  label: string;
  x: readonly number[];
  y: readonly (number | null)[];
  /** The name of a token with a colour, such as `--series-1`. */
  color: string;
  height?: number;
  /** Plots with the same name share their cursor. */
  group?: string;
  xText(x: number): string;
  yText(y: number): string;
  /** Receives the index of the point below the cursor, or undefined. */
  onPoint?(index: number | undefined): void;
  /** Receives the index of a point that was clicked. */
  onOpen?(index: number): void;
}

const token = (name: string) => {
  // A token may be a light-dark() pair, so an element resolves it.
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
};

/** Draws points as a line. It is a default export, because it is loaded when it is needed. */
export default function Plot(props: PlotProps) {
  const frame = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  const { x, y, color, height = 220, group, label } = props;
  useEffect(() => {
    const parent = frame.current!;
    let plot: uPlot | undefined;
    const draw = () => {
      plot?.destroy();
      plot = new uPlot(optionsOf(latest.current, parent.clientWidth, height, color, group), [x as number[], y as number[]], parent);
    };
    draw();
    const resize = new ResizeObserver(() => plot?.setSize({ width: parent.clientWidth, height }));
    resize.observe(parent);
    // The colours are drawn, so another theme needs another drawing.
    const theme = new MutationObserver(draw);
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', draw);
    const open = () => {
      const index = plot?.cursor.idx;
      if (typeof index === 'number') latest.current.onOpen?.(index);
    };
    parent.addEventListener('click', open);
    return () => {
      parent.removeEventListener('click', open);
      system.removeEventListener('change', draw);
      theme.disconnect();
      resize.disconnect();
      plot?.destroy();
    };
  }, [x, y, color, height, group]);
  return <div ref={frame} className={styles.plot} role="img" aria-label={label} />;
}

function optionsOf(props: PlotProps, width: number, height: number, color: string, group: string | undefined): uPlot.Options {
  const text = token('--text-muted');
  const line = token('--line');
  const stroke = token(color);
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const axis = { stroke: text, font, ticks: { show: false }, grid: { stroke: line, width: 1 } };
  return {
    width,
    height,
    legend: { show: false },
    padding: [12, 24, 0, 0],
    cursor: { y: false, sync: group ? { key: group } : undefined, points: { size: 9, fill: stroke } },
    scales: { x: { time: false } },
    axes: [
      { ...axis, size: 30, grid: { show: false }, space: 60, values: (_plot, splits) => splits.map((x) => (Number.isInteger(x) ? props.xText(x) : '')) },
      { ...axis, size: 78, space: 36, values: (_plot, splits) => splits.map(props.yText) },
    ],
    series: [{}, { stroke, width: 2, spanGaps: true, points: { show: props.x.length <= 100, size: 7, fill: stroke } }],
    hooks: {
      setCursor: [(plot) => props.onPoint?.(plot.cursor.idx ?? undefined)],
    },
  };
}
