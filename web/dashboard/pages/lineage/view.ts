// The part of the graph in view. The frame scrolls by itself, so that the graph moves as smoothly as any page.

import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';

import { type Layout, nodeHeight, nodeWidth, type Place } from './layout';

export interface Window {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The distance around the visible part that is drawn, too, and by which the drawn part moves. */
const around = 500;
const minZoom = 0.08;
const maxZoom = 1.6;

const limit = (zoom: number) => Math.min(Math.max(zoom, minZoom), maxZoom);

/**
 * Returns the drawn part and the zoom of a graph in a frame. After another layout of the same graph, the version with
 * the ID `anchor` keeps its place on the screen.
 */
export function useView(frame: RefObject<HTMLDivElement | null>, layout: Layout, anchor: RefObject<string>) {
  const [zoom, setZoom] = useState(1);
  const [shown, setShown] = useState<Window>({ left: 0, top: 0, right: 0, bottom: 0 });
  const before = useRef<{ layout: Layout; zoom: number }>(undefined);

  const look = useCallback(() => {
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = frame.current!;
    const step = (position: number) => Math.round(position / zoom / around) * around;
    const next = {
      left: step(scrollLeft) - 2 * around,
      top: step(scrollTop) - 2 * around,
      right: step(scrollLeft + clientWidth) + 2 * around,
      bottom: step(scrollTop + clientHeight) + 2 * around,
    };
    setShown((present) => (present.left === next.left && present.top === next.top && present.right === next.right && present.bottom === next.bottom ? present : next));
  }, [frame, zoom]);

  const center = useCallback(
    (id: string, scale = zoom) => {
      const { x, y } = layout.places.get(id)!;
      const { clientWidth, clientHeight } = frame.current!;
      frame.current!.scrollTo((x + nodeWidth / 2) * scale - clientWidth / 2, (y + nodeHeight / 2) * scale - clientHeight / 2);
    },
    [frame, layout, zoom],
  );

  useLayoutEffect(() => {
    const element = frame.current!;
    const past = before.current;
    if (!past) center(layout.graph.root);
    else if (past.layout !== layout) moveBy(element, past.layout.places.get(anchor.current), layout.places.get(anchor.current), zoom);
    else if (past.zoom !== zoom) zoomBy(element, zoom / past.zoom);
    before.current = { layout, zoom };
    look();
  }, [frame, layout, zoom, anchor, center, look]);

  useEffect(() => {
    const element = frame.current!;
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      setZoom((present) => limit(present * Math.exp(-event.deltaY / 300)));
    };
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      observer.disconnect();
      element.removeEventListener('wheel', onWheel);
    };
  }, [frame, look]);

  const fit = () => {
    const { clientWidth, clientHeight } = frame.current!;
    setZoom(limit(Math.min(clientWidth / layout.width, clientHeight / layout.height, 1)));
  };
  return { zoom, shown, look, center, fit, zoomIn: () => setZoom(limit(zoom * 1.3)), zoomOut: () => setZoom(limit(zoom / 1.3)) };
}

function moveBy(element: HTMLElement, from: Place | undefined, to: Place | undefined, zoom: number) {
  if (from && to) element.scrollBy((to.x - from.x) * zoom, (to.y - from.y) * zoom);
}

/** Keeps the middle of the view in its place. */
function zoomBy(element: HTMLElement, factor: number) {
  const middle = { x: element.clientWidth / 2, y: element.clientHeight / 2 };
  element.scrollTo((element.scrollLeft + middle.x) * factor - middle.x, (element.scrollTop + middle.y) * factor - middle.y);
}
