// The graph of a lineage. It is a default export, because it is a chunk that is loaded when it is needed.

import { useEffect, useState } from 'react';

import { Loading } from '../../ui/State';
import { Canvas } from './Canvas';
import type { Direction, Graph } from './graph';
import { type Layout, layoutGraph } from './layout';

interface GraphViewProps {
  graph: Graph;
  onExpand(id: string, direction: Direction): void;
}

/** Arranges the versions, and draws them. */
export default function GraphView({ graph, onExpand }: GraphViewProps) {
  const [layout, setLayout] = useState<Layout>();
  useEffect(() => {
    // A large graph takes a moment, so the page is drawn first.
    const timer = setTimeout(() => setLayout(layoutGraph(graph)));
    return () => clearTimeout(timer);
  }, [graph]);
  if (!layout || layout.graph.root !== graph.root) return <Loading label="Arranging the versions" />;
  return <Canvas key={graph.root} layout={layout} busy={layout.graph !== graph} onExpand={onExpand} />;
}
