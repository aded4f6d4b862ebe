import { memo } from 'react';

import { VersionLink } from '../../app/links';
import { Hidden } from '../../ui/Hidden';
import { Icon } from '../../ui/Icon';
import { Text } from '../../values/Text';
import { distanceOf } from '../../values/Time';
import type { Direction, GraphNode as Node } from './graph';
import styles from './GraphNode.module.css';
import { nodeHeight, nodeWidth, type Place } from './layout';

interface GraphNodeProps {
  node: Node;
  place: Place;
  /** The colour of its type. */
  color: string;
  asOf?: string | null;
  isRoot: boolean;
  /** The active version is the one that Tab reaches. */
  isActive: boolean;
  onActive(id: string): void;
  onMark(id: string | undefined): void;
  onExpand(id: string, direction: Direction): void;
}

/** A version in the graph, with buttons that load more of its lineage. */
export const GraphNode = memo(function GraphNode({ node, place, color, asOf, isRoot, isActive, onActive, onMark, onExpand }: GraphNodeProps) {
  const { id, version, parents, children, open } = node;
  const { artifact, type } = version;
  const tabIndex = isActive ? 0 : -1;
  return (
    <div
      className={`${styles.node} ${isRoot ? styles.root : ''}`}
      style={{ transform: `translate(${place.x}px, ${place.y}px)`, width: nodeWidth, height: nodeHeight }}
      onMouseEnter={() => onMark(id)}
      onMouseLeave={() => onMark(undefined)}
      onFocus={() => onActive(id)}
    >
      <VersionLink
        name={artifact.name}
        version={version.version}
        asOf={asOf}
        className={styles.link}
        data-id={id}
        draggable={false}
        tabIndex={tabIndex}
      >
        <span className={styles.stripe} style={{ background: color }} />
        <span className={styles.text}>
          <span className={styles.name}>
            <Text text={artifact.name} />
          </span>
          <span className={styles.aside}>
            <span className={styles.version}>
              <Text text={version.version} />
            </span>{' '}
            {type && <Text text={type} />} {distanceOf(version.createdAt)}
            <Hidden>
              , made from {parents.length}, used for {children.length}
            </Hidden>
          </span>
        </span>
      </VersionLink>
      {open.up && <Expander node={node} direction="up" tabIndex={tabIndex} onExpand={onExpand} />}
      {open.down && <Expander node={node} direction="down" tabIndex={tabIndex} onExpand={onExpand} />}
    </div>
  );
});

interface ExpanderProps {
  node: Node;
  direction: Direction;
  tabIndex: number;
  onExpand(id: string, direction: Direction): void;
}

function Expander({ node: { id, version }, direction, tabIndex, onExpand }: ExpanderProps) {
  const name = `${version.artifact.name} / ${version.version}`;
  const label = direction === 'up' ? `Load what ${name} was made from` : `Load what was made from ${name}`;
  return (
    <button type="button" className={styles[direction]} tabIndex={tabIndex} aria-label={label} title={label} onClick={() => onExpand(id, direction)}>
      <Icon name="plus" size={12} />
    </button>
  );
}
