import { useState } from 'react';

import { IconButton } from './Button';
import styles from './Code.module.css';

/** Copies a text. Browsers have the clipboard API only for pages that were loaded by HTTPS or from this machine. */
async function copyText(text: string) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

/** Copies a text to the clipboard. The icon shows for a moment that it is done. */
export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await copyText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return <IconButton icon={copied ? 'check' : 'copy'} label={copied ? 'Copied' : label} onPress={() => void copy()} />;
}

/** Shows code that a person can copy. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    <figure className={styles.code} aria-label={label}>
      <pre tabIndex={0}>{text}</pre>
      <span className={styles.copy}>
        <CopyButton text={text} label={`Copy ${label}`} />
      </span>
    </figure>
  );
}
