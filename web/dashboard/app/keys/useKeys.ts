import { useMemo } from 'react';

import type { MetadataKeyInput } from '../../api/gen/graphql';
import { useRead } from '../../api/query';
import { keyText } from '../address';
import { useProject } from '../project';
import { Keys } from './documents';

interface KeysOptions {
  /** Only keys of this artifact. */
  artifact?: string;
  /** Only keys that contain this text. */
  search?: string;
  /** Keys that the page has already read. They are offered at once, because a large artifact has many values to look at. */
  known?: readonly MetadataKeyInput[];
}

/** Returns the keys that can be columns and conditions: the known ones, and all others when the server has found them. */
export function useKeys({ artifact, search = '', known = [] }: KeysOptions) {
  const { data, failure } = useRead(Keys, { project: useProject(), artifact, search: search || undefined });
  const keys = useMemo(() => {
    const matches = known.filter((key) => keyText(key).toLowerCase().includes(search.toLowerCase()));
    const all = [...matches, ...(data?.metadataKeys?.nodes ?? [])];
    return [...new Map(all.map((key) => [keyText(key), { card: key.card, key: key.key }])).values()];
  }, [known, search, data]);
  return { keys, failure, complete: data !== undefined };
}
