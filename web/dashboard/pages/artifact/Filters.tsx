import { useState } from 'react';

import type { ArtifactVersionFilter, MetadataKeyInput } from '../../api/gen/graphql';
import { parseKeyText } from '../../app/address';
import { Button, IconButton } from '../../ui/Button';
import { Chip } from '../../ui/Chip';
import { CopyButton } from '../../ui/Code';
import { Popover } from '../../ui/Popover';
import { Select } from '../../ui/Select';
import { KeyName } from '../../values/KeyName';
import { Text } from '../../values/Text';
import { FilterForm } from './FilterForm';
import { type Condition, fields, hasOperand, literalOf, type Match, operatorTexts } from './filters';
import styles from './Filters.module.css';

interface FiltersProps {
  artifact: string;
  /** Keys that the page has already read. */
  known: MetadataKeyInput[];
  conditions: Condition[];
  match: Match;
  where: ArtifactVersionFilter | undefined;
  onChange(conditions: Condition[], match?: Match): void;
}

const matches = [
  { id: 'all', text: 'All match' },
  { id: 'any', text: 'Any matches' },
] as const;

/** The conditions of the list of versions, and the filter of the API that they make. */
export function Filters({ artifact, known, conditions, match, where, onChange }: FiltersProps) {
  // A new condition makes a new form.
  const [count, setCount] = useState(0);
  return (
    <div className={styles.filters}>
      <Popover label="Add a condition" button={<Button icon="filter">Filter</Button>}>
        <FilterForm
          key={count}
          artifact={artifact}
          known={known}
          onAdd={(condition) => {
            onChange([...conditions, condition]);
            setCount(count + 1);
          }}
        />
      </Popover>
      {conditions.map((condition, i) => (
        <span key={i} className={styles.condition}>
          <FieldName field={condition.field} /> <span className={styles.operator}>{operatorTexts[condition.operator]}</span>{' '}
          {hasOperand(condition.operator) && <Text text={condition.value} />}
          <IconButton icon="close" label="Remove the condition" onPress={() => onChange(conditions.filter((_, j) => j !== i))} />
        </span>
      ))}
      {conditions.length > 1 && <Select<Match> label="Match" hideLabel choices={matches} value={match} onChange={(next) => onChange(conditions, next)} />}
      {where && (
        <Popover label="The filter in GraphQL" button={<Button look="plain">GraphQL</Button>}>
          <div className={styles.literal}>
            <p>The filter that these conditions make:</p>
            <code>where: {literalOf(where)}</code>
            <CopyButton text={`where: ${literalOf(where)}`} label="Copy the filter" />
          </div>
        </Popover>
      )}
    </div>
  );
}

/** The name of a field or of a key. */
function FieldName({ field }: { field: string }) {
  if (!field.startsWith('fact:')) return <Chip>{fields[field].text}</Chip>;
  const { card, key } = parseKeyText(field.slice('fact:'.length));
  return <KeyName card={card} name={key} />;
}
