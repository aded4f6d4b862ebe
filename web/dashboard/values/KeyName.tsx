import styles from './KeyName.module.css';
import { Text } from './Text';

interface KeyNameProps {
  card?: string | null;
  name: string;
  /** Shows the card above the key, where the width is scarce. */
  stacked?: boolean;
}

/** Shows a metadata key with its card. */
export function KeyName({ card, name, stacked = false }: KeyNameProps) {
  return (
    <span className={`${styles.key} ${stacked ? styles.stacked : ''}`}>
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
