import { useNavigate } from '@tanstack/react-router';

import { useViewer } from '../api/viewer';
import { Button } from '../ui/Button';
import { Menu } from '../ui/Menu';
import { Text } from '../values/Text';
import { useProject } from './project';

/** Shows the project of the page, and changes to another one. */
export function ProjectSwitch() {
  const { projects } = useViewer();
  const project = useProject();
  const navigate = useNavigate();
  return (
    <Menu
      button={
        <Button look="plain" iconAfter="down" aria-label={`Project ${project ?? ''}`}>
          <Text text={project ?? '…'} />
        </Button>
      }
      label="Project"
      title="Projects"
      choices={projects.map(({ name }) => ({ id: name, text: <Text text={name} />, textValue: name }))}
      selected={project ?? ''}
      onChoose={(name) => void navigate({ to: '/', search: { project: name } })}
    />
  );
}
