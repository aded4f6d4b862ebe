import { type FormEvent, useState } from 'react';

import { Failure } from '../../api/failure';
import type { MetadataKind } from '../../api/gen/graphql';
import { useWrite } from '../../api/query';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { TextField } from '../../ui/Field';
import { Select } from '../../ui/Select';
import { inputOf, kindHints } from '../../values/input';
import { kindName } from '../../values/kinds';
import { LogFact as Document } from './documents';
import styles from './forms.module.css';
import type { Version } from './VersionPage';

interface LogFactProps {
  version: Version;
  onClose(): void;
  onLogged(): void;
}

const kinds = (Object.keys(kindHints) as MetadataKind[]).map((id) => ({ id, text: kindName(id) }));

/** Logs a fact by hand. It is a default export, because it is loaded when it is needed. */
export default function LogFact({ version, onClose, onLogged }: LogFactProps) {
  const write = useWrite();
  const [card, setCard] = useState('');
  const [key, setKey] = useState('');
  const [kind, setKind] = useState<MetadataKind>('STRING');
  const [text, setText] = useState('');
  const [failure, setFailure] = useState<Failure>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const entries = [{ key, card: card || undefined, value: inputOf(kind, text) }];
      await write(Document, { input: { target: { artifactVersionId: version.id }, entries } });
    } catch (error) {
      setFailure(error instanceof Failure ? error : new Failure((error as Error).message, 'BAD_INPUT'));
      return;
    }
    onClose();
    onLogged();
  };
  const long = ['STRING', 'MARKDOWN', 'LIST', 'TUPLE', 'SET', 'DICT'].includes(kind);
  return (
    <Dialog title="Log a fact" onClose={onClose}>
      <form className={styles.form} onSubmit={(event) => void submit(event)}>
        <div className={styles.pair}>
          <TextField label="Key" autoFocus isRequired value={key} onChange={setKey} mono />
          <TextField label="Card" value={card} onChange={setCard} placeholder="none" mono />
        </div>
        <Select<MetadataKind> label="Kind" choices={kinds} value={kind} onChange={setKind} />
        {kind !== 'NULL' && (
          <TextField
            key={String(long)}
            label="Value"
            value={text}
            onChange={setText}
            lines={long ? 5 : undefined}
            mono
            description={kindHints[kind]}
            error={failure?.message}
          />
        )}
        <p className={styles.actions}>
          <Button look="primary" type="submit">
            Log the fact
          </Button>
          <Button look="plain" onPress={onClose}>
            Cancel
          </Button>
        </p>
      </form>
    </Dialog>
  );
}
