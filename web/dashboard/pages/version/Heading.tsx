import { lazy, Suspense, useState } from 'react';

import { useViewer } from '../../api/viewer';
import { ArtifactLink, CompareLink, LineageLink, VersionLink } from '../../app/links';
import { Button } from '../../ui/Button';
import { Chip } from '../../ui/Chip';
import { Popover } from '../../ui/Popover';
import { Text } from '../../values/Text';
import { Time } from '../../values/Time';
import { CopySelector } from './CopySelector';
import styles from './Heading.module.css';
import type { Version } from './VersionPage';

const Markdown = lazy(() => import('../../values/Markdown'));
const LogFact = lazy(() => import('./LogFact'));

interface HeadingProps {
  version: Version;
  project: string | undefined;
  onChanged(): void;
  /** Opens or closes the choice of an instant. */
  onPast(): void;
}

/** The name of the version, who made it, and what a person can do with it. */
export function Heading({ version, project, onChanged, onPast }: HeadingProps) {
  const { mayWrite } = useViewer();
  const [logging, setLogging] = useState(false);
  const { artifact, type, aliases, tags, description } = version;
  const latest = artifact.latestVersion;
  const previous = version.changes?.versions[0]?.version;
  return (
    <header className={styles.header}>
      <div className={styles.top}>
        <h1 className={styles.title}>
          <ArtifactLink name={artifact.name} className={styles.artifact} />
          <span className={styles.separator}>/</span>
          <Text text={version.version} />
        </h1>
        {type && (
          <Chip tone="info">
            <Text text={type} />
          </Chip>
        )}
        {aliases.map((alias) => (
          <Chip key={alias} tone="accent">
            <Text text={alias} />
          </Chip>
        ))}
        {tags.map((tag) => (
          <Chip key={tag}>
            <Text text={tag} />
          </Chip>
        ))}
        <span className={styles.actions}>
          <Button icon="clock" onPress={onPast}>
            As of
          </Button>
          <Popover label="Copy the selector" button={<Button icon="copy">Copy selector</Button>}>
            <CopySelector version={version} project={project} />
          </Popover>
          {mayWrite && !version.asOf && (
            <Button icon="plus" look="primary" onPress={() => setLogging(true)}>
              Log a fact
            </Button>
          )}
        </span>
      </div>
      <p className={styles.facts}>
        <span>
          Created <Time instant={version.createdAt} />
          {version.createdBy && (
            <>
              {' by '}
              <Text text={version.createdBy} />
            </>
          )}
        </span>
        {version.lastLoggedAt && (
          <span>
            Last fact <Time instant={version.lastLoggedAt} />
          </span>
        )}
        {version.version !== String(version.number) && <span>Number {version.number}</span>}
        {latest && latest.number > version.number ? (
          <span>
            The latest version is <VersionLink name={artifact.name} version={latest.version} className={styles.latest} />
          </span>
        ) : (
          <span>The latest version</span>
        )}
        <LineageLink name={artifact.name} version={version.version} className={styles.latest}>
          Lineage
        </LineageLink>
        {previous !== undefined && (
          <CompareLink versions={[previous, version.version].map((other) => ({ name: artifact.name, version: other }))} className={styles.latest}>
            Compare with <Text text={previous} />
          </CompareLink>
        )}
      </p>
      {description && (
        <Suspense fallback={<Text text={description} />}>
          <Markdown text={description} />
        </Suspense>
      )}
      {logging && (
        <Suspense>
          <LogFact version={version} onClose={() => setLogging(false)} onLogged={onChanged} />
        </Suspense>
      )}
    </header>
  );
}
