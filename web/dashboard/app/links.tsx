// Links to the pages of objects. Pages use them, so that an address is built in one place.

import { Link } from '@tanstack/react-router';
import { type ComponentProps, type ReactNode } from 'react';

import { Text } from '../values/Text';
import { type VersionName, versionText } from './address';

interface ArtifactLinkProps {
  name: string;
  className?: string;
}

/** The name of an artifact, as a link to its page. */
export function ArtifactLink({ name, className }: ArtifactLinkProps) {
  return (
    <Link to="/artifact" search={{ name }} className={className}>
      <Text text={name} />
    </Link>
  );
}

interface VersionLinkProps extends Omit<ComponentProps<'a'>, 'href' | 'ref'> {
  /** The name of the artifact. */
  name: string;
  version: string;
  /** The instant of the past as of which the page shows it. */
  asOf?: string | null;
  /** Shows the name of the artifact too. */
  full?: boolean;
}

/** The name of a version, or other content, as a link to its page. */
export function VersionLink({ name, version, asOf, full = false, children, ...props }: VersionLinkProps) {
  return (
    <Link to="/version" search={{ name, version, asOf: asOf ?? undefined }} {...props}>
      {children ?? (
        <>
          {full && (
            <>
              <Text text={name} />
              {' / '}
            </>
          )}
          <Text text={version} />
        </>
      )}
    </Link>
  );
}

interface CompareLinkProps {
  /** 2 to 20 versions; the first one is the baseline. */
  versions: readonly VersionName[];
  className?: string;
  children: ReactNode;
}

/** A link to the comparison of versions. */
export function CompareLink({ versions, className, children }: CompareLinkProps) {
  return (
    <Link to="/compare" search={{ versions: versions.map(versionText) }} className={className}>
      {children}
    </Link>
  );
}

interface RunLinkProps {
  /** The ID of the pipeline run. */
  id: string;
  className?: string;
  children: ReactNode;
}

/** A link to a pipeline run. */
export function RunLink({ id, className, children }: RunLinkProps) {
  return (
    <Link to="/run" search={{ id }} className={className}>
      {children}
    </Link>
  );
}

interface LineageLinkProps extends VersionName {
  /** The instant of the past as of which the page shows it. */
  asOf?: string | null;
  children: ReactNode;
}

/** A link to the lineage of a version. */
export function LineageLink({ name, version, asOf, children }: LineageLinkProps) {
  return (
    <Link to="/lineage" search={{ name, version, asOf: asOf ?? undefined }}>
      {children}
    </Link>
  );
}
