import { displayOf } from './display';
import type { Value as Parsed } from './extended';
import { isScalar } from './shapes';
import { Text } from './Text';
import styles from './Tree.module.css';
import { Value } from './Value';

const maxChildren = 200;
/** Groups above this level are open at first, unless they are long. */
const openLevels = 1;
const maxOpen = 12;

/** Shows a nested value as a tree, whose groups can be opened and closed. */
export function Tree({ value, level = 0 }: { value: Parsed; level?: number }) {
  const children = childrenOf(value);
  if (children.length === 0) return <span className={styles.empty}>{displayOf(value)}</span>;
  return (
    <ul className={styles.tree}>
      {children.slice(0, maxChildren).map(({ name, value: child }, i) => (
        <li key={i}>
          {isScalar(child) || childrenOf(child).length === 0 ? (
            <div className={styles.leaf}>
              <Name name={name} />
              <Value value={child} />
            </div>
          ) : (
            <details open={level < openLevels && childrenOf(child).length <= maxOpen}>
              <summary className={styles.summary}>
                <Name name={name} />
                <span className={styles.preview}>
                  <Text text={displayOf(child)} />
                </span>
              </summary>
              <Tree value={child} level={level + 1} />
            </details>
          )}
        </li>
      ))}
      {children.length > maxChildren && <li className={styles.empty}>and {children.length - maxChildren} more</li>}
    </ul>
  );
}

function Name({ name }: { name: string }) {
  return (
    <span className={styles.name}>
      <Text text={name} />
    </span>
  );
}

function childrenOf(value: Parsed): { name: string; value: Parsed }[] {
  if ('fields' in value) return value.fields.map(({ key, value: child }) => ({ name: key, value: child }));
  if ('items' in value) return value.items.map((child, i) => ({ name: String(i), value: child }));
  return [];
}
