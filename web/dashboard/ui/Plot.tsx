// A line plot, drawn by uPlot on a canvas. It is a chunk of its own.

import 'uplot/dist/uPlot.min.css';

import { type KeyboardEvent, type RefObject, useEffect, useRef } from 'react';
import uPlot from 'uplot';

import styles from './Plot.module.css';
import { type Range, rangeBetween, visiblePoints, zoomRange } from './plot-range';

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
  /** The part that is shown; all of it when absent. */
  range?: Range;
  /** Receives the part that a person has chosen with the mouse or the keyboard. */
  onRange(range: Range | undefined): void;
  /** The ID of the text that explains the keys. */
  describedBy?: string;
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
  const drawn = useRef<uPlot>(undefined);
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  const { x, y, color, height = 220, group, label, range } = props;
  useEffect(() => {
    const parent = frame.current!;
    const draw = () => {
      drawn.current?.destroy();
      drawn.current = new uPlot(optionsOf(latest, parent.clientWidth, height, color, group), [x as number[], y as number[]], parent);
      showRange(drawn.current, latest.current.range);
    };
    draw();
    const resize = new ResizeObserver(() => drawn.current?.setSize({ width: parent.clientWidth, height }));
    resize.observe(parent);
    // The colours are drawn, so another theme needs another drawing.
    const theme = new MutationObserver(draw);
    theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', draw);
    const open = () => {
      const index = drawn.current?.cursor.idx;
      if (typeof index === 'number') latest.current.onOpen?.(index);
    };
    // uPlot stops the click that ends a drag.
    parent.addEventListener('click', open);
    return () => {
      parent.removeEventListener('click', open);
      system.removeEventListener('change', draw);
      theme.disconnect();
      resize.disconnect();
      drawn.current?.destroy();
      drawn.current = undefined;
    };
  }, [x, y, color, height, group]);
  useEffect(() => {
    if (drawn.current) showRange(drawn.current, range);
  }, [range]);
  return (
    <div
      ref={frame}
      className={styles.plot}
      role="img"
      aria-label={label}
      aria-describedby={props.describedBy}
      tabIndex={0}
      onKeyDown={(event) => drawn.current && onKeyDown(event, drawn.current, props)}
    />
  );
}

/** Shows a part of the points, or all of them. The cursor stays at its point. */
function showRange(plot: uPlot, range: Range | undefined) {
  const index = plot.cursor.idx;
  if (range) plot.setScale('x', { min: range[0], max: range[1] });
  else plot.setData(plot.data, true);
  // uPlot draws in a microtask, too. The places of points are new after it.
  if (typeof index === 'number') queueMicrotask(() => moveCursor(plot, index, false));
}

/** Moves the cursor to a point; `all` moves that of the other plots of the group, too. */
function moveCursor(plot: uPlot, index: number, all: boolean) {
  // The types of uPlot lack the last argument, which publishes the place to the group.
  const setCursor: (place: { left: number; top: number }, fire: boolean, publish: boolean) => void = plot.setCursor;
  setCursor({ left: plot.valToPos(plot.data[0][index], 'x'), top: 0 }, true, all);
}

/** Moves the cursor, opens its point or zooms. */
function onKeyDown(event: KeyboardEvent, plot: uPlot, { x, range, onOpen, onRange }: PlotProps) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const [first, last] = visiblePoints(x, range);
  const present = plot.cursor.idx ?? last;
  const move = (index: number) => moveCursor(plot, Math.min(Math.max(index, first), last), true);
  const actions: Record<string, () => void> = {
    ArrowLeft: () => move(present - 1),
    ArrowRight: () => move(present + 1),
    Home: () => move(first),
    End: () => move(last),
    Enter: () => onOpen?.(present),
    '+': () => onRange(zoomRange(x, range, present, 'in')),
    '-': () => onRange(zoomRange(x, range, present, 'out')),
    Escape: () => onRange(undefined),
  };
  const action = actions[event.key === '=' ? '+' : event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

function optionsOf(
  latest: RefObject<PlotProps>,
  width: number,
  height: number,
  color: string,
  group: string | undefined,
): uPlot.Options {
  const { x, xText, yText } = latest.current;
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
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false, dist: 5 },
      // Other plots of the group follow the cursor. They receive the range that is chosen by their properties.
      sync: group ? { key: group, filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' } } : undefined,
      bind: { dblclick: () => null },
      points: { size: 9, fill: stroke },
    },
    scales: { x: { time: false } },
    axes: [
      {
        ...axis,
        size: 30,
        grid: { show: false },
        space: 60,
        values: (_plot, splits) => splits.map((x) => (Number.isInteger(x) ? xText(x) : '')),
      },
      { ...axis, size: 78, space: 36, values: (_plot, splits) => splits.map(yText) },
    ],
    series: [{}, { stroke, width: 2, spanGaps: true, points: { show: x.length <= 100, size: 7, fill: stroke } }],
    hooks: {
      setCursor: [(plot) => latest.current.onPoint?.(plot.cursor.idx ?? undefined)],
      setSelect: [
        (plot) => {
          const { left, width: selected } = plot.select;
          if (selected === 0) return;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          const range = rangeBetween(latest.current.x, plot.posToVal(left, 'x'), plot.posToVal(left + selected, 'x'));
          if (range) latest.current.onRange(range);
        },
      ],
    },
  };
}
