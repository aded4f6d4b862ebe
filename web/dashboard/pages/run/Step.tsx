import { useMemo } from 'react';

import { VersionLink } from '../../app/links';
import { Chip } from '../../ui/Chip';
import { Disclosure } from '../../ui/Disclosure';
import { Icon } from '../../ui/Icon';
import { parseValue } from '../../values/extended';
import { FactList } from '../../values/FactList';
import { RunStatus, statusColor } from '../../values/RunStatus';
import { Text } from '../../values/Text';
import { Duration } from '../../values/Time';
import type { Run } from './RunPage';
import styles from './Step.module.css';

type StepRun = NonNullable<Run['stepRuns']>['nodes'][number];
type Output = StepRun['outputs'][number];

interface StepProps {
  step: StepRun;
  /** The time of the run, in milliseconds. */
  span: { from: number; to: number };
}

/** A step run: when it ran, what it read and made, and its facts. */
export function Step({ step, span }: StepProps) {
  const { name, status, startedAt, finishedAt, inputs, outputs } = step;
  const facts = useFacts(step.metadataExtendedJson);
  return (
    <li className={styles.step}>
      <div className={styles.top}>
        <h3>
          <Text text={name} />
        </h3>
        <RunStatus status={status} />
        <span className={styles.duration}>
          <Duration from={startedAt} to={finishedAt} />
        </span>
        <Bar step={step} span={span} />
      </div>
      <div className={styles.flow}>
        <ul className={styles.versions} aria-label="Inputs">
          {inputs.map((input) => (
            <li key={input.name}>
              {input.artifactVersion ? (
                <VersionLink name={input.artifactVersion.artifact.name} version={input.artifactVersion.version} full className={styles.version} />
              ) : (
                <span className={styles.muted}>
                  <Text text={input.name} /> (deleted)
                </span>
              )}
            </li>
          ))}
          {inputs.length === 0 && <li className={styles.muted}>no inputs</li>}
        </ul>
        <span className={styles.arrow}>
          <Icon name="right" />
        </span>
        <ul className={styles.versions} aria-label="Outputs">
          {outputs.map((output) => (
            <OutputItem key={output.id} output={output} isRunning={status === 'RUNNING'} />
          ))}
          {outputs.length === 0 && <li className={styles.muted}>no outputs</li>}
        </ul>
      </div>
      {facts.fields.length > 0 && (
        <Disclosure title="Facts of the step">
          <FactList facts={facts} />
        </Disclosure>
      )}
    </li>
  );
}

/** An output: the version that was made or reused, or the facts that wait for it. */
function OutputItem({ output, isRunning }: { output: Output; isRunning: boolean }) {
  const { artifactVersion, name, artifactName, reused } = output;
  const facts = useFacts(output.metadataExtendedJson);
  if (artifactVersion) {
    return (
      <li>
        <VersionLink name={artifactVersion.artifact.name} version={artifactVersion.version} full className={styles.version} />
        {reused && <Chip tone="warn">reused</Chip>}
      </li>
    );
  }
  return (
    <li className={styles.pending}>
      <span>
        <Text text={artifactName ?? name} /> <Chip tone={isRunning ? 'info' : 'plain'}>{isRunning ? 'pending' : 'no version'}</Chip>
      </span>
      {facts.fields.length > 0 && (
        <Disclosure title="Facts that wait for the version" open>
          <FactList facts={facts} />
        </Disclosure>
      )}
    </li>
  );
}

/** Draws when the step ran, in the time of the run. */
function Bar({ step: { startedAt, finishedAt, status }, span }: StepProps) {
  const length = Math.max(span.to - span.from, 1);
  const start = ((Date.parse(startedAt) - span.from) / length) * 100;
  const end = (((finishedAt ? Date.parse(finishedAt) : span.to) - span.from) / length) * 100;
  const left = Math.min(Math.max(start, 0), 99);
  return (
    <span className={styles.track} aria-hidden="true">
      <span className={styles.bar} style={{ left: `${left}%`, width: `${Math.max(end - left, 1)}%`, background: statusColor(status) }} />
    </span>
  );
}

/** Returns the facts of a subject as a dictionary. */
function useFacts(json: string) {
  return useMemo(() => {
    const value = parseValue(json);
    return value.kind === 'DICT' ? value : { kind: 'DICT' as const, fields: [] };
  }, [json]);
}
