// Links to the pages of objects. Pages use them, so that an address is built in one place.

import { Link } from '@tanstack/react-router';

import { Text } from '../values/Text';

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

interface VersionLinkProps extends ArtifactLinkProps {
  version: string;
  /** Shows the name of the artifact too. */
  full?: boolean;
}

/** The name of a version, as a link to its page. */
export function VersionLink({ name, version, full = false, className }: VersionLinkProps) {
  return (
    <Link to="/version" search={{ name, version }} className={className}>
      {full && (
        <>
          <Text text={name} />
          {' / '}
        </>
      )}
      <Text text={version} />
    </Link>
  );
}
