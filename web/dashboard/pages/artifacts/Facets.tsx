import type { ArtifactsQuery } from '../../api/gen/graphql';
import { Checkbox } from '../../ui/Field';
import { Text } from '../../values/Text';
import type { ArtifactsAddress } from './address';
import styles from './Facets.module.css';

interface FacetsProps {
  address: ArtifactsAddress;
  usage: Pick<ArtifactsQuery, 'typeUsage' | 'tagUsage'> | undefined;
  onChange(next: Partial<ArtifactsAddress>): void;
}

/** The types and the tags of the list, with the number of artifacts that have them. */
export function Facets({ address, usage, onChange }: FacetsProps) {
  const types = (usage?.typeUsage?.nodes ?? []).map(({ type, versionCount }) => ({ name: type, count: versionCount }));
  const tags = (usage?.tagUsage?.nodes ?? []).map(({ tag, versionCount }) => ({ name: tag, count: versionCount }));
  return (
    <>
      <Facet title="Type" items={types} chosen={address.types} onChange={(next) => onChange({ types: next })} />
      <Facet title="Tag" items={tags} chosen={address.tags} onChange={(next) => onChange({ tags: next })} />
    </>
  );
}

interface FacetProps {
  title: string;
  items: { name: string; count: number }[];
  chosen?: string[];
  onChange(chosen: string[] | undefined): void;
}

function Facet({ title, items, chosen = [], onChange }: FacetProps) {
  const absent = chosen.filter((name) => !items.some((item) => item.name === name)).map((name) => ({ name, count: 0 }));
  const all = [...items, ...absent];
  const max = Math.max(1, ...items.map(({ count }) => count));
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
              <Text text={name} />
            </span>
          </Checkbox>
          <span className={styles.count}>{count}</span>
          <span className={styles.bar} style={{ width: `${(count / max) * 100}%` }} />
        </div>
      ))}
    </fieldset>
  );
}
