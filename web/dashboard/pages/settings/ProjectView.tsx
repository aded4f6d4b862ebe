import { lazy, Suspense, useState } from 'react';

import { Failure } from '../../api/failure';
import { usePageRead, useWrite } from '../../api/query';
import { Box } from '../../ui/Box';
import { Button } from '../../ui/Button';
import { TextField } from '../../ui/Field';
import { Empty, Failed, Loading } from '../../ui/State';
import { groupDigits } from '../../values/display';
import { Text } from '../../values/Text';
import { Time } from '../../values/Time';
import { DescribeProject, ProjectSettings } from './documents';
import styles from './SettingsPage.module.css';

const Markdown = lazy(() => import('../../values/Markdown'));

/** The description and the numbers of the project. */
export function ProjectView({ project, mayEdit }: { project: string; mayEdit: boolean }) {
  const { data, failure, reload } = usePageRead(ProjectSettings, { project });
  const [editing, setEditing] = useState(false);
  if (!data) return failure ? <Failed failure={failure} onRetry={reload} /> : <Loading label="Loading the project" />;
  const shown = data.project;
  if (!shown) return failure ? <Failed failure={failure} onRetry={reload} /> : <Empty icon="search" title="There is no such project" />;
  const { id, description, createdAt } = shown;
  const numbers = [
    { text: 'Artifacts', count: shown.artifactCount },
    { text: 'Versions', count: shown.artifactVersionCount },
    { text: 'Runs', count: shown.pipelineRunCount },
  ];
  return (
    <>
      <Box
        title="Description"
        aside={
          mayEdit &&
          !editing && (
            <Button icon="pencil" look="plain" onPress={() => setEditing(true)}>
              Edit
            </Button>
          )
        }
      >
        {editing ? (
          <Edit projectId={id} description={description ?? ''} onClose={() => setEditing(false)} />
        ) : description ? (
          <Suspense fallback={<Text text={description} breaks />}>
            <Markdown text={description} />
          </Suspense>
        ) : (
          <p className={styles.muted}>The project has no description{mayEdit ? '' : ', and only admins can write one'}.</p>
        )}
      </Box>
      <Box title="Content">
        <dl className={styles.numbers}>
          {numbers.map(({ text, count }) => (
            <div key={text}>
              <dt>{text}</dt>
              <dd>{count === null || count === undefined ? '–' : groupDigits(String(count))}</dd>
            </div>
          ))}
          <div>
            <dt>Created</dt>
            <dd>
              <Time instant={createdAt} />
            </dd>
          </div>
        </dl>
      </Box>
    </>
  );
}

interface EditProps {
  projectId: string;
  description: string;
  onClose(): void;
}

function Edit({ projectId, description, onClose }: EditProps) {
  const write = useWrite();
  const [text, setText] = useState(description);
  const [failure, setFailure] = useState<Failure>();
  const save = () => write(DescribeProject, { input: { projectId, description: text } }).then(onClose, (error: Failure) => setFailure(error));
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <TextField label="Description" lines={8} mono autoFocus value={text} onChange={setText} description="In Markdown, up to 10,000 characters." error={failure?.message} />
      <p className={styles.actions}>
        <Button look="primary" type="submit">
          Save
        </Button>
        <Button look="plain" onPress={onClose}>
          Cancel
        </Button>
      </p>
    </form>
  );
}
