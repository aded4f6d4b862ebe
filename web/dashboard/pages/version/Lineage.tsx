import { RunLink, VersionLink } from '../../app/links';
import { Box } from '../../ui/Box';
import { Chip } from '../../ui/Chip';
import { RunStatus } from '../../values/RunStatus';
import { Text } from '../../values/Text';
import { Time } from '../../values/Time';
import styles from './Lineage.module.css';
import type { Version } from './VersionPage';

interface Linked {
  version: string;
  type?: string | null;
  artifact: { name: string };
}

/** The step run that made the version, and the versions that the step run read. */
export function Origin({ version: { producer, asOf } }: { version: Version }) {
  if (!producer) {
    return (
      <Box title="Made from">
        <p className={styles.none}>No step run is known to have made this version.</p>
      </Box>
    );
  }
  const { stepRun, output } = producer;
  const inputs = stepRun.inputs;
  return (
    <Box title="Made from" aside={<RunStatus status={stepRun.status} />}>
      <p className={styles.step}>
        <Text text={stepRun.name} />
        <span className={styles.muted}>
          {' of '}
          <RunLink id={stepRun.pipelineRun.id} className={styles.link}>
            <Text text={stepRun.pipelineRun.pipeline} />
          </RunLink>
          , <Time instant={stepRun.startedAt} />
        </span>
        {output.reused && <Chip tone="warn">reused</Chip>}
      </p>
      {inputs.length === 0 && <p className={styles.none}>The step has no inputs.</p>}
      <ul>
        {inputs.map((input) => (
          <li key={input.name} className={styles.item}>
            {input.artifactVersion ? <Linked version={input.artifactVersion} asOf={asOf} /> : <span className={styles.none}>{input.name}: deleted</span>}
          </li>
        ))}
      </ul>
    </Box>
  );
}

/** The step runs that read the version, with the versions that they made. */
export function Uses({ version: { consumers, asOf } }: { version: Version }) {
  if (!consumers) return null;
  return (
    <Box title="Used by" aside={consumers.totalCount}>
      {consumers.nodes.length === 0 && <p className={styles.none}>No step run has read this version.</p>}
      <ul className={styles.uses}>
        {consumers.nodes.map((step) => (
          <li key={step.id}>
            <p className={styles.step}>
              <Text text={step.name} />
              <span className={styles.muted}>
                {' of '}
                <RunLink id={step.pipelineRun.id} className={styles.link}>
                  <Text text={step.pipelineRun.pipeline} />
                </RunLink>
              </span>
            </p>
            <ul>
              {step.outputs.map(
                (output) =>
                  output.artifactVersion && (
                    <li key={output.id} className={styles.item}>
                      <Linked version={output.artifactVersion} asOf={asOf} />
                    </li>
                  ),
              )}
            </ul>
          </li>
        ))}
      </ul>
      {consumers.totalCount > consumers.nodes.length && <p className={styles.none}>and {consumers.totalCount - consumers.nodes.length} more</p>}
    </Box>
  );
}

function Linked({ version: { artifact, version, type }, asOf }: { version: Linked; asOf: Version['asOf'] }) {
  return (
    <>
      <VersionLink name={artifact.name} version={version} asOf={asOf} full className={styles.link} />
      {type && (
        <span className={styles.muted}>
          <Text text={type} />
        </span>
      )}
    </>
  );
}
