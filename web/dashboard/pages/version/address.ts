import type { ArtifactVersionRef } from '../../api/gen/graphql';
import { type Parameters, textOf } from '../../app/address';

/** What the page of a version shows. */
export interface VersionAddress {
  project?: string;
  /** The name of the artifact. */
  name?: string;
  /** The name of the version. Without it and `alias` the page shows the latest version. */
  version?: string;
  alias?: string;
  /** The instant of the past that is shown. */
  asOf?: string;
  /** The text of the key whose history is open. */
  key?: string;
}

export function parseVersionAddress(parameters: Parameters): VersionAddress {
  return {
    project: textOf(parameters.project),
    name: textOf(parameters.name),
    version: textOf(parameters.version),
    alias: textOf(parameters.alias),
    asOf: textOf(parameters.asOf),
    key: textOf(parameters.key),
  };
}

/** Returns the reference of the version of an address. */
export const refOf = (project: string | undefined, { name, version, alias }: VersionAddress): ArtifactVersionRef => ({
  named: { project, name: name ?? '', version, alias: version ? undefined : alias },
});
