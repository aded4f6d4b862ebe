import type { ArtifactsQuery, MetadataKeyInput } from '../../api/gen/graphql';
import { keyText } from '../../app/address';
import { entryOf } from '../../app/keys/entry';
import { ArtifactLink, VersionLink } from '../../app/links';
import { Chip } from '../../ui/Chip';
import type { Column } from '../../ui/DataTable';
import { CellValue } from '../../values/CellValue';
import { plainText } from '../../values/display';
import { KeyName } from '../../values/KeyName';
import { Text } from '../../values/Text';
import { Time } from '../../values/Time';
import styles from './columns.module.css';

type Row = NonNullable<ArtifactsQuery['artifactVersions']>['nodes'][number];

/** Returns the columns of the list: those of every artifact, and one per chosen key. */
export function columnsOf(keys: MetadataKeyInput[]): Column<Row>[] {
  return [
    { id: 'name', text: 'Artifact', width: 225, sortable: true, cell: (row) => <Name row={row} /> },
    { id: 'version', text: 'Latest', width: 125, sortable: true, cell: (row) => <Latest row={row} /> },
    { id: 'type', text: 'Type', width: 95, sortable: true, cell: ({ type }) => type && <Text text={type} /> },
    ...keys.map(factColumn),
    { id: 'tags', text: 'Tags', width: 105, cell: ({ tags }) => <Tags tags={tags} /> },
    {
      id: 'logged',
      text: 'Last fact',
      width: 120,
      sortable: true,
      cell: ({ lastLoggedAt }) => lastLoggedAt && <Time instant={lastLoggedAt} />,
    },
  ];
}

function factColumn({ card, key }: MetadataKeyInput): Column<Row> {
  return {
    id: `fact:${keyText({ card, key })}`,
    text: card ? `${card} / ${key}` : key,
    heading: <KeyName card={card} name={key} stacked />,
    width: 125,
    sortable: true,
    cell: (row) => <CellValue entry={entryOf(row.columns, { card, key })} />,
  };
}

/** The name, with the first line of the description. */
function Name({ row: { artifact } }: { row: Row }) {
  return (
    <div className={styles.name}>
      <ArtifactLink name={artifact.name} className={styles.link} />
      {artifact.description && (
        <span className={styles.description}>
          <Text text={plainText(artifact.description)} />
        </span>
      )}
    </div>
  );
}

/** The latest version, and the aliases with the versions that they point to. */
function Latest({ row: { artifact, version } }: { row: Row }) {
  return (
    <span className={styles.chips}>
      <VersionLink name={artifact.name} version={version} className={styles.version} />
      {artifact.aliases.slice(0, 2).map((alias) => (
        <Chip
          key={alias.name}
          tone="accent"
          title={`The alias ${alias.name} points to version ${alias.artifactVersion.version}`}
        >
          <Text text={alias.name} />
          {alias.artifactVersion.version !== version && <> → {alias.artifactVersion.version}</>}
        </Chip>
      ))}
    </span>
  );
}

function Tags({ tags }: { tags: string[] }) {
  return (
    <span className={styles.chips} title={tags.join(', ')}>
      {tags.slice(0, 3).map((tag) => (
        <Chip key={tag}>
          <Text text={tag} />
        </Chip>
      ))}
      {tags.length > 3 && <Chip>+{tags.length - 3}</Chip>}
    </span>
  );
}
