// Links to the pages of objects. Pages use them, so that an address is built in one place.

import { Text } from '../values/Text';

interface ArtifactLinkProps {
  name: string;
  className?: string;
}

/** The name of an artifact, as a link to its page. */
export function ArtifactLink({ name, className }: ArtifactLinkProps) {
  return (
    <span className={className}>
      <Text text={name} />
    </span>
  );
}

interface VersionLinkProps extends ArtifactLinkProps {
  version: string;
}

/** The name of a version, as a link to its page. */
export function VersionLink({ version, className }: VersionLinkProps) {
  return (
    <span className={className}>
      <Text text={version} />
    </span>
  );
}
