import { expect, test } from 'vitest';

import { joinGraph, type Part, type Version } from './graph';

const version = (id: string) => ({ id, version: id, type: null, createdAt: '', artifact: { id: `artifact ${id}`, name: 'a' } }) as Version;
const part = (truncated: boolean, versions: string, ...links: [string, string][]) =>
  ({
    truncated,
    versions: [...versions].map(version),
    links: links.map(([from, to]) => ({ from: { id: from }, to: { id: to }, stepRun: { id: from + to, name: 'step' } })),
  }) as unknown as Part;

test('readings become one graph', () => {
  const graph = joinGraph(version('m'), [
    { id: 'm', direction: 'up', part: part(false, 'bca', ['b', 'm'], ['c', 'm'], ['a', 'b'], ['a', 'c']) },
    { id: 'm', direction: 'down', part: part(false, 'z', ['m', 'z'], ['m', 'z']) },
    { id: 'a', direction: 'down', part: part(false, 'bcmo', ['a', 'b'], ['a', 'c'], ['b', 'm'], ['c', 'm'], ['a', 'o']) },
  ]);
  const distances = Object.fromEntries([...graph.nodes.values()].map(({ id, distance }) => [id, distance]));
  expect(distances).toEqual({ m: 0, b: -1, c: -1, a: -2, z: 1, o: null });
  expect(graph.edges.length).toBe(6);
  expect(graph.nodes.get('a')!.open).toEqual({ up: false, down: false });
  expect(graph.nodes.get('z')!.open).toEqual({ up: true, down: false });
});

test('the ends of a truncated reading are open', () => {
  const { nodes } = joinGraph(version('e'), [{ id: 'e', direction: 'up', part: part(true, 'dcb', ['d', 'e'], ['c', 'd'], ['b', 'c']) }]);
  expect([...'edcb'].map((id) => nodes.get(id)!.open.up)).toEqual([false, false, true, true]);
});

test('circles end', () => {
  const { nodes } = joinGraph(version('a'), [
    { id: 'a', direction: 'down', part: part(false, 'bc', ['a', 'b'], ['b', 'c'], ['c', 'a']) },
    { id: 'a', direction: 'up', part: null },
  ]);
  expect(nodes.get('a')).toMatchObject({ distance: 0, open: { up: true, down: false } });
});
