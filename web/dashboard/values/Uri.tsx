import { Icon } from '../ui/Icon';
import styles from './Uri.module.css';
import { Text } from './Text';

const linkSchemes = new Set(['https:', 'http:', 'mailto:']);

/** Returns the address of a link, or undefined if the URI has another scheme than those that a browser may open. */
export function linkOf(uri: string): string | undefined {
  try {
    const url = new URL(uri);
    return linkSchemes.has(url.protocol) && !/[\u0000-\u0020]/.test(uri) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** Shows a URI. It is a link only if a browser may open its scheme. */
export function Uri({ uri }: { uri: string }) {
  const address = linkOf(uri);
  if (!address) {
    return (
      <span className={styles.uri}>
        <Text text={uri} />
      </span>
    );
  }
  return (
    <a className={`${styles.uri} ${styles.link}`} href={address} target="_blank" rel="noopener noreferrer">
      <Text text={uri} />
      <Icon name="external" size={12} />
    </a>
  );
}
