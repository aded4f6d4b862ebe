import { type FormEvent, useState } from 'react';

import type { MetadataKeyInput } from '../../api/gen/graphql';
import { keyText } from '../../app/address';
import { useKeys } from '../../app/keys/useKeys';
import { Button } from '../../ui/Button';
import { TextField } from '../../ui/Field';
import { Select } from '../../ui/Select';
import { type Condition, fields, hasOperand, operatorsOf, operatorTexts } from './filters';
import styles from './FilterForm.module.css';

interface FilterFormProps {
  artifact: string;
  known: MetadataKeyInput[];
  onAdd(condition: Condition): void;
}

/** The form of a new condition. */
export function FilterForm({ artifact, known, onAdd }: FilterFormProps) {
  const { keys } = useKeys({ artifact, known });
  const facts = keys.map((key) => ({ id: `fact:${keyText(key)}`, text: keyText(key) }));
  const choices = [...facts, ...Object.entries(fields).map(([id, { text }]) => ({ id, text }))];
  const [chosen, setChosen] = useState<string>();
  const field = chosen ?? choices[0].id;
  const operators = operatorsOf(field);
  const [operator, setOperator] = useState('gte');
  const allowed = operators.includes(operator) ? operator : operators[0];
  const [value, setValue] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onAdd({ field, operator: allowed, value: hasOperand(allowed) ? value : '' });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <Select label="Field" choices={choices} value={field} onChange={setChosen} />
      <Select label="Condition" choices={operators.map((id) => ({ id, text: operatorTexts[id] }))} value={allowed} onChange={setOperator} />
      {hasOperand(allowed) && (
        <TextField label="Value" value={value} onChange={setValue} mono description={field.startsWith('fact:') ? 'A number, true, false, text, a size such as 1.5GiB, or a duration such as 90s.' : undefined} />
      )}
      <Button look="primary" type="submit">
        Add the condition
      </Button>
    </form>
  );
}
