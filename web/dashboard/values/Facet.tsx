import { Checkbox } from '../ui/Field';
import styles from './Facet.module.css';
import { Text } from './Text';

interface FacetProps {
  title: string;
  /** The values with the number of objects that have them, if it is known. */
  items: readonly { name: string; count?: number }[];
  chosen?: string[];
  /** The text of a value, if it is not the value itself. */
  textOf?(name: string): string;
  onChange(chosen: string[] | undefined): void;
}

/** Values that restrict a list to the objects that have one of them. */
export function Facet({ title, items, chosen = [], textOf, onChange }: FacetProps) {
  const absent = chosen.filter((name) => !items.some((item) => item.name === name)).map((name) => ({ name, count: 0 }));
  const all: FacetProps['items'] = [...items, ...absent];
  const max = Math.max(1, ...items.map(({ count = 0 }) => count));
  if (all.length === 0) return null;
  const toggle = (name: string, selected: boolean) => {
    const next = selected ? [...chosen, name] : chosen.filter((other) => other !== name);
    onChange(next.length > 0 ? next : undefined);
  };
  return (
    <fieldset className={styles.facet}>
      <legend className={styles.title}>{title}</legend>
      {all.map(({ name, count }) => (
        <div key={name} className={styles.item}>
          <Checkbox selected={chosen.includes(name)} onChange={(selected) => toggle(name, selected)}>
            <span className={styles.name}>
              <Text text={textOf?.(name) ?? name} />
            </span>
          </Checkbox>
          {count !== undefined && (
            <>
              <span className={styles.count}>{count}</span>
              <span className={styles.bar} style={{ width: `${(count / max) * 100}%` }} />
            </>
          )}
        </div>
      ))}
    </fieldset>
  );
}
