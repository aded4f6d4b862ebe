import styles from './Text.module.css';

// Control characters, and characters without a width that change the direction of text or hide parts of it.
const hidden =
  /([\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}])/u;

const isJoiner = (character: string, before: string, after: string) =>
  character === '\u200d' &&
  /\p{Extended_Pictographic}\ufe0f?$|[\u{1f3fb}-\u{1f3ff}]$/u.test(before) &&
  /^\p{Extended_Pictographic}/u.test(after);

/**
 * Shows a text that somebody else wrote. The text cannot change the direction of its surroundings, and a hidden
 * character is shown as its code. `breaks` keeps line feeds.
 */
export function Text({ text, breaks = false }: { text: string; breaks?: boolean }) {
  if (!hidden.test(text)) return <bdi>{text}</bdi>;
  const parts = text.split(hidden);
  return (
    <bdi>
      {parts.map((part, i) => {
        const isHidden = i % 2 === 1 && !isJoiner(part, parts[i - 1], parts[i + 1]);
        if (!isHidden || (breaks && part === '\n')) return part;
        const code = `U+${part.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
        return (
          <span key={i} className={styles.code} title={`The character ${code}`}>
            {code}
          </span>
        );
      })}
    </bdi>
  );
}
