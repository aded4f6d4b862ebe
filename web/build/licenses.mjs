// Adds the licences that Vite does not find: of the imports of workers, of the parts that Monaco has copied, and of the
// font of the dashboard.
import { appendFileSync, readFileSync } from 'node:fs';

const notices = {
  graphiql: ['picomatch-browser/LICENSE', 'monaco-editor/ThirdPartyNotices.txt'],
  dashboard: ['@fontsource-variable/inter/LICENSE'],
};
const page = process.argv[2];
for (const notice of notices[page]) {
  const text = readFileSync(new URL(`../node_modules/${notice}`, import.meta.url), 'utf8');
  appendFileSync(new URL(`../dist/${page}/licenses.md`, import.meta.url), `\n## ${notice}\n\n${text}`);
}
