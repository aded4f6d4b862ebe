import styles from './KeyName.module.css';
import { Text } from './Text';

/** Shows a metadata key with its card. */
export function KeyName({ card, name }: { card?: string | null; name: string }) {
  return (
    <span className={styles.key}>
      {card && (
        <>
          <span className={styles.card}>
            <Text text={card} />
          </span>
          <span className={styles.slash}>/</span>
        </>
      )}
      <Text text={name} />
    </span>
  );
}
