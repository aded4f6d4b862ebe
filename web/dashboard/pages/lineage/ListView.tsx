import { useMemo } from 'react';

import { VersionLink } from '../../app/links';
import { IconButton } from '../../ui/Button';
import { type Column, DataTable } from '../../ui/DataTable';
import { Text } from '../../values/Text';
import { Time } from '../../values/Time';
import type { Direction, Graph, GraphNode } from './graph';
import styles from './ListView.module.css';

interface ListViewProps {
  graph: Graph;
  onExpand(id: string, direction: Direction): void;
}

/** The versions of the graph as a table: first the version itself, then the others by their distance. */
export function ListView({ graph, onExpand }: ListViewProps) {
  const rows = useMemo(() => [...graph.nodes.values()].sort((a, b) => orderOf(a) - orderOf(b)), [graph]);
  const columns = useMemo(() => columnsOf(graph, onExpand), [graph, onExpand]);
  return <DataTable label="Lineage" columns={columns} rows={rows} idOf={(node: GraphNode) => node.id} />;
}

/** Versions upstream come before those downstream, and nearer ones before others. */
const orderOf = ({ distance }: GraphNode) => (distance === null ? 2000 : distance <= 0 ? -distance : 1000 + distance);

function columnsOf(graph: Graph, onExpand: ListViewProps['onExpand']): Column<GraphNode>[] {
  return [
    {
      id: 'version',
      text: 'Version',
      width: 240,
      cell: ({ version }) => <VersionLink name={version.artifact.name} version={version.version} asOf={graph.asOf} full className={styles.version} />,
    },
    { id: 'relation', text: 'Relation', width: 170, cell: relationOf },
    { id: 'type', text: 'Type', width: 110, cell: ({ version: { type } }) => type && <Text text={type} /> },
    { id: 'parents', text: 'Made from', width: 260, cell: ({ parents }) => <Versions graph={graph} ids={parents} /> },
    { id: 'children', text: 'Used for', width: 260, cell: ({ children }) => <Versions graph={graph} ids={children} /> },
    { id: 'created', text: 'Created', width: 120, cell: ({ version: { createdAt } }) => <Time instant={createdAt} /> },
    {
      id: 'more',
      text: 'More',
      width: 100,
      cell: ({ id, open }) => (
        <span className={styles.more}>
          {open.up && <IconButton icon="left" label="Load what it was made from" onPress={() => onExpand(id, 'up')} />}
          {open.down && <IconButton icon="right" label="Load what was made from it" onPress={() => onExpand(id, 'down')} />}
        </span>
      ),
    },
  ];
}

function relationOf({ distance }: GraphNode): string {
  if (distance === 0) return 'this version';
  if (distance === null) return 'beside it';
  const steps = Math.abs(distance) === 1 ? '1 step' : `${Math.abs(distance)} steps`;
  return distance < 0 ? `${steps} upstream` : `${steps} downstream`;
}

function Versions({ graph, ids }: { graph: Graph; ids: string[] }) {
  return ids.slice(0, 3).map((id, i) => {
    const { artifact, version } = graph.nodes.get(id)!.version;
    return (
      <span key={id}>
        {i > 0 && ', '}
        <Text text={`${artifact.name} / ${version}`} />
        {i === 2 && ids.length > 3 && ` and ${ids.length - 3} more`}
      </span>
    );
  });
}
