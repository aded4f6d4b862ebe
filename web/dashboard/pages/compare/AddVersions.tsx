import { useDeferredValue, useState } from 'react';

import type { ArtifactVersionFilter } from '../../api/gen/graphql';
import { useRead } from '../../api/query';
import { parseVersionText, versionText } from '../../app/address';
import { useProject } from '../../app/project';
import { Button } from '../../ui/Button';
import { Checkbox, SearchField } from '../../ui/Field';
import { Popover } from '../../ui/Popover';
import { Failed } from '../../ui/State';
import { Text } from '../../values/Text';
import { Time } from '../../values/Time';
import styles from './AddVersions.module.css';
import { maxVersions } from './address';
import { Candidates } from './documents';

interface AddVersionsProps {
  versions: string[];
  onChange(versions: string[]): void;
}

/** The button that adds versions to the comparison, and removes them. */
export function AddVersions(props: AddVersionsProps) {
  return (
    <Popover label="Versions" button={<Button icon="plus">Versions</Button>}>
      <VersionPicker {...props} />
    </Popover>
  );
}

/** A list of versions to choose from: those of the same artifacts, or those that a person searches for. */
export function VersionPicker({ versions, onChange }: AddVersionsProps) {
  const [text, setText] = useState('');
  const search = useDeferredValue(text.trim());
  const names = [...new Set(versions.map((version) => parseVersionText(version).name))];
  const { data, failure } = useRead(Candidates, { project: useProject(), where: filterOf(search, names) });
  const nodes = data?.artifactVersions?.nodes ?? [];
  return (
    <>
      <SearchField label="Search versions" placeholder="Artifact, version, alias, tag or type" value={text} onChange={setText} autoFocus />
      {failure && <Failed failure={failure} />}
      <ul className={styles.list}>
        {nodes.map(({ id, artifact, version, aliases, createdAt }) => {
          const item = versionText({ name: artifact.name, version });
          const chosen = versions.includes(item);
          return (
            <li key={id} className={styles.item}>
              <Checkbox
                selected={chosen}
                isDisabled={!chosen && versions.length >= maxVersions}
                onChange={(selected) => onChange(selected ? [...versions, item] : versions.filter((other) => other !== item))}
              >
                <span className={styles.name}>
                  <Text text={`${artifact.name} / ${version}`} />
                  {aliases.length > 0 && (
                    <span className={styles.alias}>
                      <Text text={aliases.join(', ')} />
                    </span>
                  )}
                </span>
              </Checkbox>
              <span className={styles.time}>
                <Time instant={createdAt} />
              </span>
            </li>
          );
        })}
      </ul>
      {data && nodes.length === 0 && <p className={styles.none}>No version matches.</p>}
      {versions.length >= maxVersions && <p className={styles.none}>A comparison has at most {maxVersions} versions.</p>}
    </>
  );
}

function filterOf(search: string, names: string[]): ArtifactVersionFilter | undefined {
  if (search === '') return names.length > 0 ? { artifact: { in: names } } : undefined;
  const contains = { contains: search, ignoreCase: true };
  return { or: [{ artifact: contains }, { version: contains }, { alias: contains }, { tag: contains }, { type: contains }] };
}
