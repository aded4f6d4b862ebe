import type { Failure } from '../../api/failure';
import { parseVersionText } from '../../app/address';
import { IconButton } from '../../ui/Button';
import { Failed } from '../../ui/State';
import { Text } from '../../values/Text';
import type { Change } from './ComparePage';
import styles from './Unreadable.module.css';

/** Shows why the versions cannot be compared, with the versions, so that a person can remove one. */
export function Unreadable({ failure, versions, change }: { failure: Failure; versions: string[]; change: Change }) {
  return (
    <>
      <Failed failure={failure} />
      <ul className={styles.versions} aria-label="Versions">
        {versions.map((text) => {
          const { name, version } = parseVersionText(text);
          return (
            <li key={text} className={styles.version}>
              <Text text={`${name} / ${version ?? 'latest'}`} />
              <IconButton icon="close" label={`Remove ${text}`} onPress={() => change({ versions: versions.filter((other) => other !== text) })} />
            </li>
          );
        })}
      </ul>
    </>
  );
}
