import { Button } from 'react-aria-components/Button';
import { Label } from 'react-aria-components/Label';
import { ListBox, ListBoxItem } from 'react-aria-components/ListBox';
import { Popover } from 'react-aria-components/Popover';
import { Select as AriaSelect, SelectValue } from 'react-aria-components/Select';

import { Icon } from './Icon';
import styles from './Select.module.css';

interface SelectProps<Choice extends string> {
  label: string;
  /** Hides the label from sight, where the surroundings explain the choice. */
  hideLabel?: boolean;
  choices: readonly { id: Choice; text: string }[];
  value: Choice;
  onChange(value: Choice): void;
}

/** A choice of one of several texts. */
export function Select<Choice extends string>({
  label,
  hideLabel = false,
  choices,
  value,
  onChange,
}: SelectProps<Choice>) {
  return (
    <AriaSelect
      className={styles.select}
      aria-label={hideLabel ? label : undefined}
      value={value}
      onChange={(id) => onChange(id as Choice)}
    >
      {!hideLabel && <Label className={styles.label}>{label}</Label>}
      <Button className={styles.button}>
        <SelectValue className={styles.value} />
        <Icon name="down" size={14} />
      </Button>
      <Popover className={styles.popover} offset={4}>
        <ListBox className={styles.list}>
          {choices.map(({ id, text }) => (
            <ListBoxItem key={id} id={id} textValue={text} className={styles.item}>
              {text}
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}
