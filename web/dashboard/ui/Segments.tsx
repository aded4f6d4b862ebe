import styles from './Segments.module.css';

interface SegmentsProps<Choice extends string> {
  label: string;
  choices: readonly { id: Choice; text: string }[];
  value: Choice;
  onChange(value: Choice): void;
}

/** A row of buttons of which one is chosen, such as the views of a page. */
export function Segments<Choice extends string>({ label, choices, value, onChange }: SegmentsProps<Choice>) {
  return (
    <div className={styles.segments} role="group" aria-label={label}>
      {choices.map(({ id, text }) => (
        <button key={id} type="button" className={styles.segment} aria-pressed={id === value} onClick={() => onChange(id)}>
          {text}
        </button>
      ))}
    </div>
  );
}
