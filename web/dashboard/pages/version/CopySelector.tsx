import { useState } from 'react';
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components/Tabs';

import { basePath } from '../../api/base';
import { useSession } from '../../api/session';
import { Code } from '../../ui/Code';
import styles from './CopySelector.module.css';
import type { Version } from './VersionPage';

interface CopySelectorProps {
  version: Version;
  project: string | undefined;
}

/** How to read this version in GraphQL, in Python and with curl. */
export function CopySelector({ version, project }: CopySelectorProps) {
  const { apiKey } = useSession();
  const [tab, setTab] = useState('graphql');
  const snippets = snippetsOf(version, project, apiKey !== null);
  return (
    <Tabs selectedKey={tab} onSelectionChange={(key) => setTab(String(key))}>
      <TabList aria-label="Language" className={styles.tabs}>
        {snippets.map(({ id, title }) => (
          <Tab key={id} id={id} className={styles.tab}>
            {title}
          </Tab>
        ))}
      </TabList>
      {snippets.map(({ id, title, text }) => (
        <TabPanel key={id} id={id} className={styles.panel}>
          <Code text={text} label={title} />
        </TabPanel>
      ))}
    </Tabs>
  );
}

function snippetsOf(shown: Version, project: string | undefined, withKey: boolean) {
  const { artifact, version, asOf } = shown;
  const names = [
    ...(project && project !== 'default' ? [['project', project]] : []),
    ['name', artifact.name],
    ['version', version],
  ];
  const selector = names.map(([field, name]) => `${field}: ${JSON.stringify(name)}`).join(', ');
  const instant = asOf ? `, asOf: ${JSON.stringify(asOf)}` : '';
  const lines = ['{', `  artifactVersion(ref: {named: {${selector}}}${instant}) {`, '    version', '    metadataJson', '  }', '}'];
  const query = lines.map((line) => line.trim()).join(' ');
  const endpoint = new URL(`${basePath}graphql`, location.href).href;
  const body = JSON.stringify({ query }).replaceAll("'", `'\\''`);
  return [
    { id: 'graphql', title: 'GraphQL', text: lines.join('\n') },
    { id: 'python', title: 'Python', text: pythonOf(shown, project, new URL(basePath, location.href).href) },
    { id: 'curl', title: 'curl', text: ['curl', endpoint, `-H 'Content-Type: application/json'`, ...curlKey(withKey), `\\\n  -d '${body}'`].join(' ') },
  ];
}

const curlKey = (withKey: boolean) => (withKey ? [`\\\n  -H "Authorization: Bearer $PLACARD_API_KEY"`] : []);

/** The code reads PLACARD_API_KEY by itself. A JSON text is a Python text too. */
const pythonOf = ({ artifact, version, asOf }: Version, project: string | undefined, server: string) => `from placard_client import Client

client = Client(${JSON.stringify(server)}${project && project !== 'default' ? `, project=${JSON.stringify(project)}` : ''})
version = client.artifact(${JSON.stringify(artifact.name)}).version(${JSON.stringify(version)}${asOf ? `, as_of=${JSON.stringify(asOf)}` : ''})
print(version.metadata)`;
