import { useState } from 'react';

import type { Failure } from '../../api/failure';
import { useWrite } from '../../api/query';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Text } from '../../values/Text';
import type { Key } from './ApiKeys';
import { RevokeKey as Document } from './documents';
import styles from './SettingsPage.module.css';

/** Asks before it revokes a key. */
export function RevokeKey({ apiKey, onClose }: { apiKey: Key; onClose(): void }) {
  const write = useWrite();
  const [failure, setFailure] = useState<Failure>();
  const revoke = () => write(Document, { input: { apiKeyId: apiKey.id } }).then(onClose, (error: Failure) => setFailure(error));
  return (
    <Dialog title="Revoke the key?" onClose={onClose}>
      <div className={styles.form}>
        <p>
          All servers refuse <strong><Text text={apiKey.name} /></strong> from now on. This cannot be undone.
        </p>
        {failure && (
          <p className={styles.error} role="alert">
            {failure.message}
          </p>
        )}
        <p className={styles.actions}>
          <Button look="danger" autoFocus onPress={() => void revoke()}>
            Revoke
          </Button>
          <Button look="plain" onPress={onClose}>
            Cancel
          </Button>
        </p>
      </div>
    </Dialog>
  );
}
