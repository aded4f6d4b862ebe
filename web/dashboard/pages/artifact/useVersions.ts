import { useCallback, useEffect, useMemo, useState } from 'react';

import type { ArtifactVersionFilter, ArtifactVersionsQuery, MetadataKeyInput } from '../../api/gen/graphql';
import { usePageRead, useReadOnce } from '../../api/query';
import { useRows } from '../../api/rows';
import { keyText, parseKeyText } from '../../app/address';
import { resultCard } from '../../app/keys/results';
import { useProject } from '../../app/project';
import { isNumeric } from '../../values/kinds';
import { type ArtifactAddress, defaultSort, orderOf } from './address';
import { ArtifactVersions, MoreVersions } from './documents';

export type Artifact = NonNullable<ArtifactVersionsQuery['artifact']>;
export type VersionRow = NonNullable<Artifact['versions']>['nodes'][number];

const maxDefaultColumns = 4;

/** Reads the artifact and its versions, page by page. */
export function useVersions(address: ArtifactAddress, where: ArtifactVersionFilter | undefined) {
  const project = useProject();
  const readOnce = useReadOnce();
  const { name = '', sort = defaultSort.id, order = 'desc' } = address;
  // Without a choice, the numbers of the latest version are columns. It is known when the first answer has arrived.
  const base = useMemo(() => ({ project, name, where, orderBy: orderOf(sort, order) }), [project, name, where, sort, order]);
  const chosen = useMemo(() => address.columns?.filter((text) => text !== 'none').map(parseKeyText), [address.columns]);
  const [numericKeys, setNumericKeys] = useState<MetadataKeyInput[]>([]);
  const [latestKeys, setLatestKeys] = useState<MetadataKeyInput[]>([]);
  const keys = useMemo(() => chosen ?? numericKeys.slice(0, maxDefaultColumns), [chosen, numericKeys]);
  const answer = usePageRead(ArtifactVersions, { ...base, keys }, { pause: project === undefined || !name });
  const artifact = answer.data?.artifact;
  useEffect(() => {
    if (!artifact) return;
    const replace = (next: MetadataKeyInput[]) => (before: MetadataKeyInput[]) =>
      next.map(keyText).join() === before.map(keyText).join() ? before : next;
    setNumericKeys(replace(numericKeysOf(artifact)));
    setLatestKeys(replace(entriesOf(artifact).map(({ card, key }) => ({ card, key }))));
  }, [artifact]);
  const more = useCallback(
    async (after: string) => (await readOnce(MoreVersions, { ...base, keys, after })).artifact?.versions,
    [readOnce, base, keys],
  );
  const { rows, hasMore, loadMore, failure: moreFailure } = useRows(artifact?.versions, more);
  return { ...answer, answered: answer.data !== undefined, artifact, rows, hasMore, loadMore, moreFailure, keys, numericKeys, latestKeys };
}

/** Returns the keys of the latest version with numbers: first those of cards with results, and whole numbers last. */
function numericKeysOf(artifact: Artifact): MetadataKeyInput[] {
  const numeric = entriesOf(artifact).filter(({ kind }) => kind && isNumeric(kind));
  const rank = ({ card, kind }: (typeof numeric)[number]) => (resultCard.test(card ?? '') ? 0 : kind === 'INTEGER' ? 2 : 1);
  return numeric.sort((a, b) => rank(a) - rank(b)).map(({ card, key }) => ({ card, key }));
}

const entriesOf = ({ latestVersion }: Artifact) => (latestVersion?.cards ?? []).flatMap((card) => card.entries);
