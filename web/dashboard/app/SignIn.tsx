import { type FormEvent, useState } from 'react';

import { useSession } from '../api/session';
import { Button } from '../ui/Button';
import { Checkbox, TextField } from '../ui/Field';
import { Icon } from '../ui/Icon';
import styles from './SignIn.module.css';

/** Asks for an API key. `refused` reports whether the server refused the present one. */
export function SignIn({ refused }: { refused: boolean }) {
  const { signIn } = useSession();
  const [key, setKey] = useState('');
  const [remember, setRemember] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (key.trim()) signIn(key.trim(), remember);
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <span className={styles.icon}>
        <Icon name="key" size={20} />
      </span>
      <h1>This server requires an API key</h1>
      <p className={styles.text}>
        The key is sent to this server only. It is not part of any address, and it is forgotten when the tab is closed.
      </p>
      <TextField
        label="API key"
        type="password"
        mono
        autoFocus
        value={key}
        onChange={setKey}
        placeholder="plc_…"
        error={refused && key === '' ? 'The server refused the key: it is unknown, expired or revoked.' : undefined}
      />
      <Checkbox selected={remember} onChange={setRemember}>
        Keep it after a reload, until the tab is closed
      </Checkbox>
      <Button look="primary" type="submit">
        Continue
      </Button>
    </form>
  );
}
