import { useMemo, useState } from 'react';
import { Slider, SliderThumb, SliderTrack } from 'react-aria-components/Slider';

import type { ArtifactVersionRef, MomentsQuery } from '../../api/gen/graphql';
import { useRead } from '../../api/query';
import { Button } from '../../ui/Button';
import { TextField } from '../../ui/Field';
import { Icon } from '../../ui/Icon';
import { Failed } from '../../ui/State';
import { displayTimestamp } from '../../values/display';
import { distanceOf } from '../../values/Time';
import styles from './AsOf.module.css';
import { Moments } from './documents';

interface AsOfProps {
  /** The version. */
  target: ArtifactVersionRef;
  /** The instant that is shown; undefined for the present. */
  asOf: string | undefined;
  onChange(asOf: string | undefined): void;
  onClose(): void;
}

interface Moment {
  instant: string;
  text: string;
}

/** The choice of an instant. The slider stops where the version changed. */
export function AsOf({ target, asOf, onChange, onClose }: AsOfProps) {
  const { data, failure } = useRead(Moments, { ref: target });
  const moments = useMemo(() => momentsOf(data), [data]);
  const [dragged, setDragged] = useState<number>();
  if (failure) return <Failed failure={failure} />;
  const now = moments.length;
  const shown = dragged ?? (asOf ? positionOf(moments, asOf) : now);
  const apply = (position: number) => {
    setDragged(undefined);
    onChange(moments[position]?.instant);
  };
  return (
    <section className={asOf ? styles.past : styles.bar} aria-label="Instant">
      <Icon name="clock" />
      <p className={styles.text} role="status">
        <strong>
          {shown === now && !asOf
            ? 'Now'
            : `As of ${displayTimestamp(moments[shown]?.instant ?? asOf ?? '').replace(/\.\d+/, '')}`}
        </strong>
        <span className={styles.aside}>{moments[shown]?.text ?? (asOf ? distanceOf(asOf) : 'the present state')}</span>
      </p>
      {now > 0 && (
        <Slider
          aria-label="Instant"
          className={styles.slider}
          minValue={0}
          maxValue={now}
          value={shown}
          onChange={setDragged}
          onChangeEnd={apply}
        >
          <SliderTrack className={styles.track}>
            {moments.map(({ instant }, i) => (
              <span key={instant} className={styles.tick} style={{ left: `${(i / now) * 100}%` }} />
            ))}
            <SliderThumb className={styles.thumb} />
          </SliderTrack>
        </Slider>
      )}
      <Exact asOf={asOf} onChange={onChange} />
      <Button
        onPress={() => {
          if (asOf) onChange(undefined);
          onClose();
        }}
      >
        {asOf ? 'Back to now' : 'Close'}
      </Button>
    </section>
  );
}

/** A field for any instant. */
function Exact({ asOf, onChange }: Pick<AsOfProps, 'asOf' | 'onChange'>) {
  const [text, setText] = useState(asOf ?? '');
  const instant = Date.parse(text);
  return (
    <form
      className={styles.exact}
      onSubmit={(event) => {
        event.preventDefault();
        if (!Number.isNaN(instant)) onChange(/Z|[+-]\d\d:\d\d$/.test(text) ? text : new Date(instant).toISOString());
      }}
    >
      <TextField
        label="Any instant"
        hideLabel
        value={text}
        onChange={setText}
        placeholder="2026-01-31T12:00:00Z"
        mono
      />
    </form>
  );
}

/** Returns the instants at which the version changed, oldest first. */
function momentsOf(data: MomentsQuery | undefined): Moment[] {
  const events = [...(data?.artifactVersion?.timeline?.nodes ?? [])].reverse();
  const moments = new Map<string, string>();
  for (const { createdAt, kind, entryCount, alias, tags } of events) {
    const detail = entryCount
      ? ` ${entryCount} ${entryCount === 1 ? 'fact' : 'facts'}`
      : ` ${alias ?? tags.join(', ')}`;
    const text = `${kind.toLowerCase().replaceAll('_', ' ').replace('metadata ', '')}${detail}`.trim();
    const before = moments.get(createdAt);
    moments.set(createdAt, before ? `${before}, ${text}` : text);
  }
  return [...moments].map(([instant, text]) => ({ instant, text }));
}

/** Returns the position of the last moment at an instant. */
function positionOf(moments: Moment[], asOf: string): number {
  const exact = moments.findIndex(({ instant }) => instant === asOf);
  if (exact >= 0) return exact;
  return Math.max(
    0,
    moments.findLastIndex(({ instant }) => Date.parse(instant) <= Date.parse(asOf)),
  );
}
