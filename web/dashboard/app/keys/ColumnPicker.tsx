import { useDeferredValue, useState } from 'react';

import type { MetadataKeyInput } from '../../api/gen/graphql';
import { keyText } from '../address';
import { Button } from '../../ui/Button';
import { Checkbox, SearchField } from '../../ui/Field';
import { Popover } from '../../ui/Popover';
import { Failed } from '../../ui/State';
import { KeyName } from '../../values/KeyName';
import styles from './ColumnPicker.module.css';
import { useKeys } from './useKeys';

interface ColumnPickerProps {
  /** Offers only the keys of this artifact. */
  artifact?: string;
  /** Keys that the page has already read. */
  known?: readonly MetadataKeyInput[];
  /** The text of the button. */
  label?: string;
  chosen: MetadataKeyInput[];
  onChange(chosen: MetadataKeyInput[]): void;
}

/** The button that chooses which facts are columns. */
export function ColumnPicker({ label = 'Columns', ...props }: ColumnPickerProps) {
  return (
    <Popover label={label} button={<Button icon="columns">{label}</Button>}>
      <Choice {...props} />
    </Popover>
  );
}

/** The number of keys that are shown. A search finds the others. */
const maxShown = 50;

function Choice({ artifact, known, chosen, onChange }: ColumnPickerProps) {
  const [text, setText] = useState('');
  const search = useDeferredValue(text.trim());
  const { keys, failure, complete } = useKeys({ artifact, search, known });
  const shown = keys.slice(0, maxShown);
  const isChosen = (key: MetadataKeyInput) => chosen.some((other) => keyText(other) === keyText(key));
  const toggle = (key: MetadataKeyInput, selected: boolean) =>
    onChange(selected ? [...chosen, key] : chosen.filter((other) => keyText(other) !== keyText(key)));
  return (
    <>
      <SearchField label="Search keys" placeholder="Search keys" value={text} onChange={setText} autoFocus />
      {failure && <Failed failure={failure} />}
      <ul className={styles.keys}>
        {shown.map((key) => (
          <li key={keyText(key)} className={styles.item}>
            <Checkbox selected={isChosen(key)} onChange={(selected) => toggle(key, selected)}>
              <span className={styles.name}>
                <KeyName card={key.card} name={key.key} />
              </span>
            </Checkbox>
          </li>
        ))}
      </ul>
      {keys.length > shown.length && <p className={styles.none}>A search finds more keys.</p>}
      {complete && keys.length === 0 && <p className={styles.none}>No key contains this text.</p>}
    </>
  );
}
