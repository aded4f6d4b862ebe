import styles from './Sparkline.module.css';

interface SparklineProps {
  /** The numbers in order; a null has no point and breaks the line. */
  numbers: readonly (number | null)[];
  /** The point that is marked; the last one by default. */
  marked?: number;
  width?: number;
  height?: number;
  label: string;
}

/** Draws numbers as a small line. */
export function Sparkline({ numbers, marked = numbers.length - 1, width = 96, height = 26, label }: SparklineProps) {
  const finite = numbers.filter((number): number is number => number !== null && Number.isFinite(number));
  if (finite.length === 0) return null;
  const min = Math.min(...finite);
  const range = Math.max(...finite) - min;
  const margin = 3.5;
  const x = (i: number) => (numbers.length === 1 ? width / 2 : margin + (i / (numbers.length - 1)) * (width - 2 * margin));
  const y = (number: number) => (range === 0 ? height / 2 : height - margin - ((number - min) / range) * (height - 2 * margin));
  let path = '';
  numbers.forEach((number, i) => {
    if (number === null) return;
    const isStart = i === 0 || numbers[i - 1] === null;
    path += `${isStart ? 'M' : 'L'}${x(i).toFixed(1)} ${y(number).toFixed(1)}`;
  });
  const point = numbers[marked];
  return (
    <svg className={styles.sparkline} width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      <path d={path} className={styles.line} />
      {point !== null && point !== undefined && <circle cx={x(marked)} cy={y(point)} r="2.6" className={styles.point} />}
    </svg>
  );
}
