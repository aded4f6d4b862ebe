import { useState } from 'react';
import { Slider, SliderThumb, SliderTrack } from 'react-aria-components/Slider';

import type { Axis } from './axes';
import styles from './AxisRange.module.css';
import type { Range } from './ranges';

interface AxisRangeProps {
  axis: Axis;
  range: Range | undefined;
  /** The place of the axis in the plot, in pixels. */
  left: number;
  top: number;
  height: number;
  onChange(range: Range): void;
}

/** The two handles of an axis, which restrict the plot to a range. */
export function AxisRange({ axis, range = [0, 1], left, top, height, onChange }: AxisRangeProps) {
  const [dragged, setDragged] = useState<Range>();
  const step = axis.isNumeric ? 0.01 : 1 / axis.max;
  return (
    <Slider
      aria-label={`Range of ${axis.id}`}
      orientation="vertical"
      className={styles.slider}
      style={{ left, top, height }}
      minValue={0}
      maxValue={1}
      step={step}
      formatOptions={{ style: 'percent' }}
      value={[...(dragged ?? range)]}
      onChange={(values) => setDragged(rangeOf(values))}
      onChangeEnd={(values) => {
        setDragged(undefined);
        onChange(rangeOf(values));
      }}
    >
      <SliderTrack className={styles.track}>
        <SliderThumb index={0} aria-label={`Least ${axis.id}`} className={`${styles.thumb} ${styles.least}`} />
        <SliderThumb index={1} aria-label={`Greatest ${axis.id}`} className={`${styles.thumb} ${styles.greatest}`} />
      </SliderTrack>
    </Slider>
  );
}

const rangeOf = ([low, high]: number[]): Range => [low, high];
