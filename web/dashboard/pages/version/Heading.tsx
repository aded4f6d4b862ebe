import { lazy, Suspense, useState } from 'react';

import { useViewer } from '../../api/viewer';
import { ArtifactLink, CompareLink, LineageLink, VersionLink } from '../../app/links';
import { Button } from '../../ui/Button';
import { Chip } from '../../ui/Chip';
import { PageHeading } from '../../ui/PageHeading';
import { Popover } from '../../ui/Popover';
import { CreatedBy } from '../../values/CreatedBy';
import { Text } from '../../values/Text';
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
  return (
    <PageHeading
      title={
        <>
          <ArtifactLink name={artifact.name} className={styles.artifact} />
          <span className={styles.separator}>/</span>
          <Text text={version.version} />
        </>
      }
      chips={
        <>
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
        </>
      }
      actions={
        <>
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
        </>
      }
      facts={<Facts version={version} />}
    >
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
    </PageHeading>
  );
}

/** When the version was made and changed, and links to what is near it. */
function Facts({ version }: { version: Version }) {
  const { artifact } = version;
  const latest = artifact.latestVersion;
  const previous = version.changes?.versions[0]?.version;
  return (
    <>
      <CreatedBy action="Created" instant={version.createdAt} by={version.createdBy} />
      {version.lastLoggedAt && <CreatedBy action="Last fact" instant={version.lastLoggedAt} />}
      {version.version !== String(version.number) && <span>Number {version.number}</span>}
      {latest && latest.number > version.number ? (
        <span>
          The latest version is <VersionLink name={artifact.name} version={latest.version} />
        </span>
      ) : (
        <span>The latest version</span>
      )}
      <LineageLink name={artifact.name} version={version.version} asOf={version.asOf}>
        Lineage
      </LineageLink>
      {previous !== undefined && (
        <CompareLink versions={[previous, version.version].map((other) => ({ name: artifact.name, version: other }))}>
          Compare with <Text text={previous} />
        </CompareLink>
      )}
    </>
  );
}
