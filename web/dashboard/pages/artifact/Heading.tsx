import { lazy, Suspense } from 'react';

import { VersionLink } from '../../app/links';
import { Chip } from '../../ui/Chip';
import { PageHeading } from '../../ui/PageHeading';
import { CreatedBy } from '../../values/CreatedBy';
import { Text } from '../../values/Text';
import type { Artifact } from './useVersions';

const Markdown = lazy(() => import('../../values/Markdown'));

/** The name of the artifact, its aliases and its description. */
export function Heading({ artifact }: { artifact: Artifact }) {
  const { name, description, aliases, latestVersion, createdAt, createdBy } = artifact;
  return (
    <PageHeading
      title={<Text text={name} />}
      chips={
        <>
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
        </>
      }
      facts={
        <>
          {latestVersion && (
            <span>
              Latest version <VersionLink name={name} version={latestVersion.version} />
            </span>
          )}
          <CreatedBy action="Created" instant={createdAt} by={createdBy} />
        </>
      }
    >
      {description && (
        <Suspense fallback={<Text text={description} />}>
          <Markdown text={description} />
        </Suspense>
      )}
    </PageHeading>
  );
}
