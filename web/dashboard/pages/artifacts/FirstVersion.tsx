import { usePageQuery } from '../../api/page-query';
import { basePath } from '../../api/base';
import { useProject } from '../../app/project';
import { Button } from '../../ui/Button';
import { Code } from '../../ui/Code';
import { Icon } from '../../ui/Icon';
import styles from './FirstVersion.module.css';

const mutation = `mutation Create($input: CreateArtifactVersionInput!) {
  createArtifactVersion(input: $input) { artifactVersion { id version } }
}`;

/** Shows how to create the first version in a project without artifacts. */
export function FirstVersion() {
  const page = usePageQuery();
  const project = useProject();
  const endpoint = new URL(`${basePath}graphql`, location.href).href;
  const input = {
    ...(project === 'default' ? {} : { project }),
    artifact: 'churn_model',
    type: 'Model',
    metadata: { framework: 'scikit-learn', metrics: { accuracy: 0.93, training_time: { $duration: 90 } }, size: { $storageSize: 1_500_000 } },
  };
  const body = JSON.stringify({ query: mutation.replaceAll(/\s+/g, ' '), variables: { input } });
  const inGraphiQL = new URLSearchParams({ query: mutation, variables: JSON.stringify({ input }, null, 2) });
  return (
    <div className={styles.page}>
      <span className={styles.icon}>
        <Icon name="box" size={22} />
      </span>
      <h1>No artifacts yet</h1>
      <p className={styles.text}>
        An artifact is a named thing that pipelines produce, such as a model or a data set. Each run creates a version of it, and
        facts about the version are logged as typed metadata. Create a first version, then come back.
      </p>
      <h2>In a shell</h2>
      <Code label="curl command" text={`curl ${endpoint} -H 'Content-Type: application/json' \\\n  -d '${body}'`} />
      <h2>In Python</h2>
      <Code label="Python code" text={pythonOf(new URL(basePath, location.href).href, project)} />
      <p className={styles.actions}>
        <Button look="primary" icon="refresh" onPress={() => page?.reload()}>
          Look again
        </Button>
        <a className={styles.link} href={`${basePath}graphiql/#${inGraphiQL}`}>
          Create it in GraphiQL
        </a>
      </p>
    </div>
  );
}

const pythonOf = (server: string, project: string | undefined) => `import os
os.environ.setdefault("PLACARD_URL", ${JSON.stringify(server)})
import placard_client as placard
from placard_client import StorageSize

placard.create_version(
    "churn_model",
    type="Model",${project && project !== 'default' ? `\n    project=${JSON.stringify(project)},` : ''}
    metadata={
        "framework": "scikit-learn",
        "metrics": {"accuracy": 0.93},
        "size": StorageSize(1_500_000),
    },
)`;
