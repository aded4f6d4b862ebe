import { type ReactNode } from 'react';
import { Checkbox as AriaCheckbox } from 'react-aria-components/Checkbox';
import { FieldError } from 'react-aria-components/FieldError';
import { Input } from 'react-aria-components/Input';
import { Label } from 'react-aria-components/Label';
import { SearchField as AriaSearchField } from 'react-aria-components/SearchField';
import { Text } from 'react-aria-components/Text';
import { TextArea } from 'react-aria-components/TextArea';
import { TextField as AriaTextField } from 'react-aria-components/TextField';

import styles from './Field.module.css';
import { Icon } from './Icon';

interface SearchFieldProps {
  label: string;
  value: string;
  onChange(value: string): void;
  placeholder?: string;
  autoFocus?: boolean;
  /** The key that focuses the field, as the field shows it. */
  shortcut?: string;
}

/** A field for a search. Its label is for screen readers. */
export function SearchField({ label, value, onChange, placeholder, autoFocus, shortcut }: SearchFieldProps) {
  return (
    <AriaSearchField aria-label={label} value={value} onChange={onChange} autoFocus={autoFocus} className={styles.search}>
      <Icon name="search" size={15} />
      <Input className={styles.searchInput} placeholder={placeholder} spellCheck="false" />
      {shortcut && value === '' && <kbd className={styles.shortcut}>{shortcut}</kbd>}
    </AriaSearchField>
  );
}

interface TextFieldProps {
  label: string;
  /** Hides the label from sight, where the surroundings explain the field. */
  hideLabel?: boolean;
  value: string;
  onChange(value: string): void;
  description?: ReactNode;
  placeholder?: string;
  type?: 'text' | 'password';
  /** Lines of a field for longer texts. */
  lines?: number;
  mono?: boolean;
  isRequired?: boolean;
  autoFocus?: boolean;
  error?: string;
}

/** A field for a text, with a visible label. */
export function TextField({ label, hideLabel = false, description, lines, mono, placeholder, error, ...props }: TextFieldProps) {
  const look = `${styles.input} ${mono ? styles.mono : ''}`;
  return (
    <AriaTextField {...props} isInvalid={error !== undefined} validationBehavior="aria" aria-label={hideLabel ? label : undefined} className={styles.field}>
      {!hideLabel && <Label className={styles.label}>{label}</Label>}
      {lines ? (
        <TextArea rows={lines} placeholder={placeholder} className={`${look} ${styles.area}`} spellCheck="false" />
      ) : (
        <Input placeholder={placeholder} className={look} spellCheck="false" autoComplete="off" />
      )}
      {description && (
        <Text slot="description" className={styles.description}>
          {description}
        </Text>
      )}
      <FieldError className={styles.error}>{error}</FieldError>
    </AriaTextField>
  );
}

interface CheckboxProps {
  selected: boolean;
  onChange(selected: boolean): void;
  isDisabled?: boolean;
  /** The accessible name, where the content is no text. */
  label?: string;
  children?: ReactNode;
}

/** A box to check, with its text. */
export function Checkbox({ selected, onChange, isDisabled, label, children }: CheckboxProps) {
  return (
    <AriaCheckbox isSelected={selected} onChange={onChange} isDisabled={isDisabled} aria-label={label} className={styles.checkbox}>
      <span className={styles.mark}>
        <Icon name="check" size={12} />
      </span>
      {children}
    </AriaCheckbox>
  );
}
