import { type FormEvent, useState } from 'react';

import type { Failure } from '../../api/failure';
import type { MetadataKeyInput } from '../../api/gen/graphql';
import { useWrite } from '../../api/query';
import { Button } from '../../ui/Button';
import { TextField } from '../../ui/Field';
import { RetractFact } from './documents';
import styles from './forms.module.css';

interface RetractProps {
  versionId: string;
  metadataKey: MetadataKeyInput;
  onClose(): void;
  onRetracted(): void;
}

/** Retracts a fact with a reason. The fact stays in the history. */
export function Retract({ versionId, metadataKey, onClose, onRetracted }: RetractProps) {
  const write = useWrite();
  const [reason, setReason] = useState('');
  const [failure, setFailure] = useState<Failure>();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const input = { target: { artifactVersionId: versionId }, keys: [metadataKey], reason: reason || undefined };
    write(RetractFact, { input }).then(
      () => {
        onClose();
        onRetracted();
      },
      (error: Failure) => setFailure(error),
    );
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <TextField
        label="Reason of the retraction"
        autoFocus
        value={reason}
        onChange={setReason}
        description="The fact leaves the cards and stays in the history, with the reason and your name."
        error={failure?.message}
      />
      <p className={styles.actions}>
        <Button look="danger" icon="undo" type="submit">
          Retract
        </Button>
        <Button look="plain" onPress={onClose}>
          Cancel
        </Button>
      </p>
    </form>
  );
}
