import { Chip } from '../ui/Chip';
import type { Field, Value as Parsed } from './extended';
import styles from './FactList.module.css';
import { Text } from './Text';
import { Value } from './Value';

/** Shows the facts of a subject, of which a dictionary is a card. */
export function FactList({ facts }: { facts: Parsed }) {
  const fields = facts.kind === 'DICT' ? facts.fields : [];
  if (fields.length === 0) return <p className={styles.none}>No facts.</p>;
  const isCard = ({ value }: Field) => value.kind === 'DICT' && value.fields.length > 0;
  return (
    <>
      <Entries fields={fields.filter((field) => !isCard(field))} />
      {fields.filter(isCard).map(({ key, value }) => (
        <section key={key} className={styles.card}>
          <h3 className={styles.title}>
            <Chip tone="accent">
              <Text text={key} />
            </Chip>
          </h3>
          <Entries fields={value.kind === 'DICT' ? value.fields : []} />
        </section>
      ))}
    </>
  );
}

function Entries({ fields }: { fields: Field[] }) {
  return (
    <dl className={styles.entries}>
      {fields.map(({ key, value }) => (
        <div key={key} className={styles.entry}>
          <dt className={styles.key}>
            <Text text={key} />
          </dt>
          <dd className={styles.value}>
            <Value value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
