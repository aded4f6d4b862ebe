// The places of versions in the graph. dagre is in the chunk of this file.

import dagre from '@dagrejs/dagre';

import type { Graph } from './graph';

export const nodeWidth = 210;
export const nodeHeight = 52;
const margin = 40;
/** The number of versions up to which the layout takes the time to avoid more crossings. */
const fineLimit = 300;

export interface Place {
  x: number;
  y: number;
}

export interface Layout {
  graph: Graph;
  width: number;
  height: number;
  /** The upper left corner of each version. */
  places: Map<string, Place>;
  edges: { id: string; from: string; to: string; steps: string[]; path: string; box: { left: number; top: number; right: number; bottom: number } }[];
}

/** Arranges a graph from left to right. */
export function layoutGraph(graph: Graph): Layout {
  const layout = new dagre.graphlib.Graph();
  layout.setGraph({ rankdir: 'LR', ranker: 'tight-tree', nodesep: 16, ranksep: 72, edgesep: 8, marginx: margin, marginy: margin });
  for (const id of graph.nodes.keys()) layout.setNode(id, { width: nodeWidth, height: nodeHeight });
  for (const { from, to } of graph.edges) layout.setEdge(from, to, {});
  dagre.layout(layout, { disableOptimalOrderHeuristic: graph.nodes.size > fineLimit });
  const { width = 0, height = 0 } = layout.graph();
  return {
    graph,
    width,
    height,
    places: new Map(
      [...graph.nodes.keys()].map((id) => {
        const { x, y } = layout.node(id);
        return [id, { x: x - nodeWidth / 2, y: y - nodeHeight / 2 }];
      }),
    ),
    edges: graph.edges.map((edge) => {
      const points = layout.edge(edge.from, edge.to).points as Place[];
      const xs = points.map(({ x }) => x);
      const ys = points.map(({ y }) => y);
      const box = { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
      return { ...edge, id: `${edge.from} ${edge.to}`, path: pathOf(points), box };
    }),
  };
}

/** Returns a curve through points, which is horizontal at each of them. */
function pathOf([first, ...rest]: Place[]): string {
  let path = `M${round(first.x)} ${round(first.y)}`;
  let before = first;
  for (const point of rest) {
    const middle = round((before.x + point.x) / 2);
    path += `C${middle} ${round(before.y)} ${middle} ${round(point.y)} ${round(point.x)} ${round(point.y)}`;
    before = point;
  }
  return path;
}

const round = (number: number) => Math.round(number * 10) / 10;
