import type { ArtifactsQuery } from '../../api/gen/graphql';
import { Facet } from '../../values/Facet';
import type { ArtifactsAddress } from './address';

interface FacetsProps {
  address: ArtifactsAddress;
  usage: Pick<ArtifactsQuery, 'typeUsage' | 'tagUsage'> | undefined;
  onChange(next: Partial<ArtifactsAddress>): void;
}

/** The types and the tags of the list, with the number of artifacts that have them. */
export function Facets({ address, usage, onChange }: FacetsProps) {
  const types = (usage?.typeUsage?.nodes ?? []).map(({ type, versionCount }) => ({ name: type, count: versionCount }));
  const tags = (usage?.tagUsage?.nodes ?? []).map(({ tag, versionCount }) => ({ name: tag, count: versionCount }));
  return (
    <>
      <Facet title="Type" items={types} chosen={address.types} onChange={(next) => onChange({ types: next })} />
      <Facet title="Tag" items={tags} chosen={address.tags} onChange={(next) => onChange({ tags: next })} />
    </>
  );
}
