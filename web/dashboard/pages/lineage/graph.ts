// The graph of a lineage: the parts that were read, as one.

import type { LineageQuery } from '../../api/gen/graphql';

type Root = NonNullable<LineageQuery['artifactVersion']>;
export type Part = NonNullable<Root['upstream']>;
export type Version = Part['versions'][number];
export type Direction = 'up' | 'down';

/** What was read about one version. A part is null if reading it failed. */
export interface Reading {
  id: string;
  direction: Direction;
  part: Part | null | undefined;
}

export interface GraphNode {
  id: string;
  version: Version;
  /** The number of steps from the root, negative for versions that it was made from; null for versions beside that. */
  distance: number | null;
  /** The IDs of the versions that it was made from, and of those that were made from it. */
  parents: string[];
  children: string[];
  /** The directions in which more versions may exist. */
  open: Record<Direction, boolean>;
}

export interface Edge {
  from: string;
  to: string;
  /** The names of the steps that lead from one to the other. */
  steps: string[];
}

export interface Graph {
  root: string;
  /** The instant of the past that all versions are of. */
  asOf?: string | null;
  nodes: Map<string, GraphNode>;
  edges: Edge[];
}

/** Returns the text of an expansion for the address. */
export const expansionText = (id: string, direction: Direction) => `${direction}:${id}`;

/** Joins the readings of a root and of the expansions. */
export function joinGraph(root: Version & Pick<Graph, 'asOf'>, readings: readonly Reading[]): Graph {
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, Edge>();
  const add = (version: Version) => {
    if (!nodes.has(version.id)) nodes.set(version.id, { id: version.id, version, distance: null, parents: [], children: [], open: { up: true, down: true } });
  };
  add(root);
  for (const { part } of readings) {
    part?.versions.forEach(add);
    for (const { from, to, stepRun } of part?.links ?? []) {
      const name = `${from.id} ${to.id}`;
      const edge = edges.get(name);
      if (edge) {
        if (!edge.steps.includes(stepRun.name)) edge.steps.push(stepRun.name);
      } else if (nodes.has(from.id) && nodes.has(to.id)) {
        edges.set(name, { from: from.id, to: to.id, steps: [stepRun.name] });
        nodes.get(from.id)!.children.push(to.id);
        nodes.get(to.id)!.parents.push(from.id);
      }
    }
  }
  const graph = { root: root.id, asOf: root.asOf, nodes, edges: [...edges.values()] };
  setDistances(graph, 'parents', -1);
  setDistances(graph, 'children', 1);
  readings.forEach((reading) => closeEnds(graph, reading));
  return graph;
}

function setDistances({ root, nodes }: Graph, next: 'parents' | 'children', step: number) {
  nodes.get(root)!.distance = 0;
  for (let wave = [root], distance = step; wave.length > 0; distance += step) {
    wave = wave.flatMap((id) => nodes.get(id)![next]).filter((id, i, all) => nodes.get(id)!.distance === null && all.indexOf(id) === i);
    wave.forEach((id) => (nodes.get(id)!.distance = distance));
  }
}

/** Marks the versions of which a reading has all neighbours in its direction. */
function closeEnds({ nodes }: Graph, { id, direction, part }: Reading) {
  if (!part) return;
  const next = direction === 'up' ? 'parents' : 'children';
  const inPart = new Set([id, ...part.versions.map((version) => version.id)]);
  const depths = new Map([[id, 0]]);
  for (let wave = [id], depth = 1; wave.length > 0; depth++) {
    wave = wave.flatMap((other) => nodes.get(other)?.[next] ?? []).filter((other) => inPart.has(other) && !depths.has(other));
    wave.forEach((other) => depths.set(other, depth));
  }
  // The nearest versions come first. So if some are missing, all but the last two waves are complete.
  const last = Math.max(...depths.values());
  for (const [other, depth] of depths) {
    const node = nodes.get(other);
    const isComplete = !part.truncated || depth < last - 1;
    if (node && isComplete) node.open[direction] = false;
  }
  // A person who has expanded a version is not asked to expand it again.
  if (nodes.has(id)) nodes.get(id)!.open[direction] = false;
}
