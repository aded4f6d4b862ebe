import { lazy, Suspense } from 'react';

import { VersionLink } from '../../app/links';
import { Chip } from '../../ui/Chip';
import { Text } from '../../values/Text';
import { Time } from '../../values/Time';
import styles from './Heading.module.css';
import type { Artifact } from './useVersions';

const Markdown = lazy(() => import('../../values/Markdown'));

/** The name of the artifact, its aliases and its description. */
export function Heading({ artifact }: { artifact: Artifact }) {
  const { name, description, aliases, latestVersion, createdAt, createdBy } = artifact;
  return (
    <header className={styles.header}>
      <div className={styles.top}>
        <h1 className={styles.title}>
          <Text text={name} />
        </h1>
        {latestVersion?.type && (
          <Chip tone="info">
            <Text text={latestVersion.type} />
          </Chip>
        )}
        {aliases.map((alias) => (
          <Chip key={alias.name} tone="accent">
            <Text text={alias.name} /> → <VersionLink name={name} version={alias.artifactVersion.version} />
          </Chip>
        ))}
      </div>
      <p className={styles.facts}>
        {latestVersion && (
          <span>
            Latest version <VersionLink name={name} version={latestVersion.version} className={styles.latest} />
          </span>
        )}
        <span>
          Created <Time instant={createdAt} />
          {createdBy && (
            <>
              {' by '}
              <Text text={createdBy} />
            </>
          )}
        </span>
      </p>
      {description && (
        <Suspense fallback={<Text text={description} />}>
          <Markdown text={description} />
        </Suspense>
      )}
    </header>
  );
}
