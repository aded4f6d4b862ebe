import { type ReactNode, useMemo, useState } from 'react';

import type { ArtifactVersionRef, KeyHistoryQuery } from '../../api/gen/graphql';
import { useRead } from '../../api/query';
import { useViewer } from '../../api/viewer';
import { parseKeyText } from '../../app/address';
import { VersionLink } from '../../app/links';
import { Box } from '../../ui/Box';
import { Button } from '../../ui/Button';
import { Chip } from '../../ui/Chip';
import { Dialog } from '../../ui/Dialog';
import { Sparkline } from '../../ui/Sparkline';
import { Failed, Loading } from '../../ui/State';
import { CellValue } from '../../values/CellValue';
import { shortNumber } from '../../values/display';
import { parseValue } from '../../values/extended';
import { KeyName } from '../../values/KeyName';
import { Text } from '../../values/Text';
import { Time } from '../../values/Time';
import { Value } from '../../values/Value';
import { KeyHistory } from './documents';
import styles from './History.module.css';
import { Retract } from './Retract';
import type { Version } from './VersionPage';

type Subject = NonNullable<KeyHistoryQuery['artifactVersion']>;

interface HistoryProps {
  version: Version;
  target: ArtifactVersionRef;
  keyText: string;
  onClose(): void;
  onChanged(): void;
}

/** The history of a key: its entries on this version, and its values over the versions of the artifact. */
export function History({ version, target, keyText, onClose, onChanged }: HistoryProps) {
  const { key, card } = useMemo(() => parseKeyText(keyText), [keyText]);
  const { mayWrite } = useViewer();
  const { data, failure, reload } = useRead(KeyHistory, { ref: target, asOf: version.asOf, key, card });
  const [retracting, setRetracting] = useState(false);
  const subject = data?.artifactVersion;
  const changed = () => {
    reload();
    onChanged();
  };
  return (
    <Dialog place="side" title={<KeyName card={card} name={key} />} onClose={onClose}>
      {failure && <Failed failure={failure} onRetry={reload} />}
      {!subject && !failure && <Loading label="Loading the history" />}
      {subject && (
        <>
          <Box title="Value" aside={subject.metadataEntry?.kind?.toLowerCase().replace('_', ' ')}>
            {subject.metadataEntry?.kind ? <Whole entry={subject.metadataEntry} /> : 'The key has no value.'}
          </Box>
          <OverVersions subject={subject} />
          <Entries subject={subject} />
          {mayWrite && !version.asOf && subject.metadataEntry && !retracting && (
            <p>
              <Button look="danger" icon="undo" onPress={() => setRetracting(true)}>
                Retract this fact
              </Button>
            </p>
          )}
          {retracting && (
            <Retract
              versionId={subject.id}
              metadataKey={{ key, card }}
              onClose={() => setRetracting(false)}
              onRetracted={changed}
            />
          )}
        </>
      )}
    </Dialog>
  );
}

/** The value, and its exact text if the value is a shortened number. */
function Whole({ entry }: { entry: NonNullable<Subject['metadataEntry']> }) {
  const value = parseValue(entry.extendedJson);
  return (
    <>
      <Value value={value} />
      {'number' in value && value.number.length > 7 && <p className={styles.muted}>{value.number}</p>}
    </>
  );
}

function OverVersions({ subject }: { subject: Subject }) {
  const series = subject.artifact.metadataSeries;
  if (!series || series.points.length < 2) return null;
  const { points, statistics } = series;
  const numbers = points.map(({ number }) => number ?? null);
  const here = points.findIndex(({ version }) => version?.number === subject.number);
  const figures = [
    ['min', statistics.min],
    ['mean', statistics.mean],
    ['max', statistics.max],
  ] as const;
  return (
    <Box title="Over versions" aside={`${points.length} versions`} flush>
      {statistics.count > 1 && (
        <div className={styles.summary}>
          <Sparkline numbers={numbers} marked={here} width={260} height={56} label="The value over the versions" />
          <dl className={styles.figures}>
            {figures.map(
              ([name, number]) =>
                number !== null &&
                number !== undefined && (
                  <div key={name}>
                    <dt>{name}</dt>
                    <dd title={String(number)}>{shortNumber(String(number))}</dd>
                  </div>
                ),
            )}
          </dl>
        </div>
      )}
      <Rows label="Values over versions" headings={['Version', 'Value']}>
        {[...points].reverse().map(({ version, entry }) => (
          <tr key={entry.id} aria-current={version?.number === subject.number || undefined}>
            <td>
              {version && (
                <VersionLink name={subject.artifact.name} version={version.version} className={styles.link} />
              )}
            </td>
            <td>
              <CellValue entry={entry} />
            </td>
          </tr>
        ))}
      </Rows>
    </Box>
  );
}

function Entries({ subject }: { subject: Subject }) {
  const history = subject.metadataHistory;
  if (!history) return null;
  const numbers = (subject.metadataSeries?.points ?? []).map(({ number }) => number ?? null);
  return (
    <Box title="Entries of this version" aside={history.totalCount} flush>
      {numbers.length > 1 && (
        <div className={styles.summary}>
          <Sparkline numbers={numbers} width={260} height={56} label="The value over the entries" />
        </div>
      )}
      <Rows label="Entries" headings={['Value', 'Logged', 'By']}>
        {history.nodes.map((entry) => (
          <tr key={entry.id}>
            <td>
              {entry.erased ? (
                <Chip tone="bad">erased</Chip>
              ) : entry.retracted ? (
                <Chip tone="warn">retracted</Chip>
              ) : (
                <CellValue entry={entry} />
              )}
              {entry.reason && (
                <span className={styles.reason}>
                  <Text text={entry.reason} />
                </span>
              )}
            </td>
            <td>
              <Time instant={entry.loggedAt} />
            </td>
            <td>
              {entry.loggedBy && <Text text={entry.loggedBy} />}
              {entry.stepRun && (
                <span className={styles.muted}>
                  {entry.loggedBy && ', '}
                  step <Text text={entry.stepRun.name} />
                </span>
              )}
              {!entry.loggedBy && !entry.stepRun && '–'}
            </td>
          </tr>
        ))}
      </Rows>
    </Box>
  );
}

function Rows({ label, headings, children }: { label: string; headings: string[]; children: ReactNode }) {
  return (
    <div className={styles.rows} tabIndex={0} role="group" aria-label={label}>
      <table>
        <thead>
          <tr>
            {headings.map((heading) => (
              <th key={heading} scope="col">
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
