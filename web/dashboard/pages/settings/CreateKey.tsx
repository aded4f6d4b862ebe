import { type FormEvent, useState } from 'react';

import type { Failure } from '../../api/failure';
import type { ApiKeyRole } from '../../api/gen/graphql';
import { useWrite } from '../../api/query';
import { Button } from '../../ui/Button';
import { Code } from '../../ui/Code';
import { Dialog } from '../../ui/Dialog';
import { TextField } from '../../ui/Field';
import { Select } from '../../ui/Select';
import { CreateKey as Document } from './documents';
import styles from './SettingsPage.module.css';

const roles: { id: ApiKeyRole; text: string }[] = [
  { id: 'READER', text: 'Reader: reads everything' },
  { id: 'WRITER', text: 'Writer: also logs facts and creates versions' },
  { id: 'ADMIN', text: 'Admin: also deletes and manages keys' },
];

const lifetimes = [
  { id: '0', text: 'Never' },
  { id: '30', text: 'In 30 days' },
  { id: '90', text: 'In 90 days' },
  { id: '365', text: 'In a year' },
];

interface CreateKeyProps {
  project: string;
  onClose(): void;
  onCreated(): void;
}

/** Creates a key, and shows its secret once. */
export function CreateKey({ project, onClose, onCreated }: CreateKeyProps) {
  const write = useWrite();
  const [name, setName] = useState('');
  const [role, setRole] = useState<ApiKeyRole>('READER');
  const [days, setDays] = useState('0');
  const [secret, setSecret] = useState<string>();
  const [failure, setFailure] = useState<Failure>();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const expiresAt = days === '0' ? undefined : new Date(Date.now() + Number(days) * 86_400_000).toISOString();
    write(Document, { input: { name, project, role, expiresAt } }).then(
      ({ createApiKey }) => {
        setSecret(createApiKey?.secret);
        onCreated();
      },
      (error: Failure) => setFailure(error),
    );
  };
  if (secret !== undefined) {
    return (
      <Dialog title="The key is created" onClose={onClose}>
        <div className={styles.form}>
          <p>Copy the secret now. It is not stored, so it cannot be shown again.</p>
          <Code label="secret" text={secret} />
          <p className={styles.actions}>
            <Button look="primary" onPress={onClose}>
              Done
            </Button>
          </p>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="New API key" onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        <TextField
          label="Name"
          autoFocus
          isRequired
          value={name}
          onChange={setName}
          description="Facts and events show it as their author. It cannot be used again in this project."
          error={failure?.message}
        />
        <Select label="Role" choices={roles} value={role} onChange={(next: ApiKeyRole) => setRole(next)} />
        <Select label="Expires" choices={lifetimes} value={days} onChange={setDays} />
        <p className={styles.actions}>
          <Button look="primary" type="submit">
            Create the key
          </Button>
          <Button look="plain" onPress={onClose}>
            Cancel
          </Button>
        </p>
      </form>
    </Dialog>
  );
}
