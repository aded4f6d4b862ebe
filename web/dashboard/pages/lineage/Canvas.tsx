import { type KeyboardEvent, type PointerEvent, useCallback, useEffect, useMemo, useRef, useState } from 'react';

import { IconButton } from '../../ui/Button';
import styles from './Canvas.module.css';
import type { Direction } from './graph';
import { GraphNode } from './GraphNode';
import { type Layout, nodeHeight, nodeWidth } from './layout';
import { useView, type Window } from './view';

interface CanvasProps {
  layout: Layout;
  /** True while more versions are arranged. */
  busy: boolean;
  onExpand(id: string, direction: Direction): void;
}

/** The zoom below which texts cannot be read, so that versions are drawn as boxes without text. */
const textZoom = 0.4;
const colors = 5;

/** Draws the part of the graph that is in view. */
export function Canvas({ layout, busy, onExpand }: CanvasProps) {
  const { graph, places, edges, width, height } = layout;
  const frame = useRef<HTMLDivElement>(null);
  const anchor = useRef(graph.root);
  const [active, setActive] = useState(graph.root);
  const [marked, setMarked] = useState<string>();
  const { zoom, shown, look, center, fit, zoomIn, zoomOut } = useView(frame, layout, anchor);
  const focusNext = useRef(false);
  const hasText = zoom >= textZoom;
  const typeColors = useMemo(() => {
    const types = [...new Set([...graph.nodes.values()].map(({ version }) => version.type ?? ''))];
    return new Map(types.map((type, i) => [type, `var(--series-${(i % colors) + 1})`]));
  }, [graph]);
  const colorOf = (id: string) => typeColors.get(graph.nodes.get(id)!.version.type ?? '')!;

  const expand = useCallback(
    (id: string, direction: Direction) => {
      anchor.current = id;
      onExpand(id, direction);
    },
    [onExpand],
  );

  useEffect(() => {
    if (!focusNext.current) return;
    focusNext.current = false;
    frame.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(active)}"]`)?.focus({ preventScroll: true });
    center(active);
  }, [active, center]);

  const onKeyDown = (event: KeyboardEvent) => {
    const direction = event.key === 'ArrowLeft' ? 'up' : event.key === 'ArrowRight' ? 'down' : undefined;
    if (direction && event.shiftKey) {
      if (graph.nodes.get(active)?.open[direction]) expand(active, direction);
    } else {
      const next = event.key === 'Home' ? graph.root : neighbour(layout, active, event.key);
      if (!next) return;
      focusNext.current = true;
      setActive(next);
    }
    event.preventDefault();
  };

  const visible = [...graph.nodes.values()].filter(({ id }) => {
    const { x, y } = places.get(id)!;
    return id === active || isIn(shown, { left: x, top: y, right: x + nodeWidth, bottom: y + nodeHeight });
  });
  const emphasis = marked ?? active;
  return (
    <div className={styles.canvas} aria-busy={busy}>
      <div
        ref={frame}
        className={styles.frame}
        onScroll={look}
        onPointerDown={drag}
        role="group"
        aria-label={`Graph of ${graph.nodes.size} versions. The arrow keys move between them, and Shift with an arrow loads more. The list has the same versions.`}
      >
        <div className={styles.middle}>
          <div className={styles.sizer} style={{ width: width * zoom, height: height * zoom }}>
            <div className={styles.content} style={{ width, height, transform: `scale(${zoom})` }} onKeyDown={onKeyDown}>
              <svg width={width} height={height} aria-hidden="true">
                {edges.map((edge) =>
                  isIn(shown, edge.box) ? (
                    <path key={edge.id} d={edge.path} className={edge.from === emphasis || edge.to === emphasis ? styles.activeEdge : styles.edge} />
                  ) : null,
                )}
                {!hasText &&
                  visible.map(({ id }) => (
                    <rect key={id} {...places.get(id)!} width={nodeWidth} height={nodeHeight} rx="10" fill={colorOf(id)} className={id === graph.root ? styles.rootBox : styles.box} />
                  ))}
                {hasText && edges.map((edge) => (edge.from === emphasis || edge.to === emphasis) && isIn(shown, edge.box) && <StepName key={edge.id} edge={edge} />)}
              </svg>
              {visible.map(
                (node) =>
                  (hasText || node.id === active) && (
                    <GraphNode
                      key={node.id}
                      node={node}
                      place={places.get(node.id)!}
                      color={colorOf(node.id)}
                      asOf={graph.asOf}
                      isRoot={node.id === graph.root}
                      isActive={node.id === active}
                      onActive={setActive}
                      onMark={setMarked}
                      onExpand={expand}
                    />
                  ),
              )}
            </div>
          </div>
        </div>
      </div>
      {busy && <p className={styles.busy}>Arranging the versions…</p>}
      <p className={styles.hint} aria-hidden="true">
        <kbd>←</kbd> <kbd>→</kbd> <kbd>↑</kbd> <kbd>↓</kbd> move, with <kbd>Shift</kbd> they load more
      </p>
      <div className={styles.controls} role="group" aria-label="Zoom">
        <IconButton icon="minus" label="Zoom out" onPress={zoomOut} />
        <IconButton icon="plus" label="Zoom in" onPress={zoomIn} />
        <IconButton icon="fit" label="Show all" onPress={fit} />
        <IconButton icon="target" label="Go to the version" onPress={() => center(graph.root)} />
      </div>
    </div>
  );
}

const isIn = (shown: Window, box: Window) => box.left < shown.right && box.right > shown.left && box.top < shown.bottom && box.bottom > shown.top;

function StepName({ edge: { box, steps } }: { edge: Layout['edges'][number] }) {
  return (
    <text x={(box.left + box.right) / 2} y={(box.top + box.bottom) / 2 - 5} textAnchor="middle" className={styles.step}>
      {steps.slice(0, 2).join(', ')}
      {steps.length > 2 && ` +${steps.length - 2}`}
    </text>
  );
}

/** Returns the version that an arrow key moves to. */
function neighbour({ graph, places }: Layout, id: string, key: string): string | undefined {
  const { x, y } = places.get(id)!;
  const nearest = (ids: Iterable<string>) => [...ids].sort((a, b) => Math.abs(places.get(a)!.y - y) - Math.abs(places.get(b)!.y - y))[0];
  const inRank = (isNext: (other: number) => boolean) => [...places.keys()].filter((other) => Math.abs(places.get(other)!.x - x) < 1 && isNext(places.get(other)!.y));
  switch (key) {
    case 'ArrowLeft':
      return nearest(graph.nodes.get(id)!.parents);
    case 'ArrowRight':
      return nearest(graph.nodes.get(id)!.children);
    case 'ArrowUp':
      return nearest(inRank((other) => other < y));
    case 'ArrowDown':
      return nearest(inRank((other) => other > y));
    default:
      return undefined;
  }
}

/** Moves the graph with the mouse. Fingers scroll it. */
function drag(event: PointerEvent<HTMLDivElement>) {
  const frame = event.currentTarget;
  if (event.pointerType !== 'mouse' || event.button !== 0 || (event.target as Element).closest('a, button')) return;
  const start = { x: event.clientX + frame.scrollLeft, y: event.clientY + frame.scrollTop };
  const onMove = (move: globalThis.PointerEvent) => frame.scrollTo(start.x - move.clientX, start.y - move.clientY);
  const onUp = () => {
    removeEventListener('pointermove', onMove);
    removeEventListener('pointerup', onUp);
  };
  addEventListener('pointermove', onMove);
  addEventListener('pointerup', onUp);
}
