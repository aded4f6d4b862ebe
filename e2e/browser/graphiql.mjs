// Opens GraphiQL of a running server in a browser, as a person would, and says what went wrong.
//
//   BROWSER=/path/to/chromium node graphiql.mjs http://127.0.0.1:8080 [SCREENSHOT.png]

import { chromium } from 'playwright-core';

const [server, screenshot] = process.argv.slice(2);
const problems = [];
const wrong = (text) => problems.push(text);

const browser = await chromium.launch({
  executablePath: process.env.BROWSER,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on('console', (message) => message.type() === 'error' && wrong(`console: ${message.text()}`));
  page.on('pageerror', (error) => wrong(`page: ${error.message}`));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== server && !['data:', 'blob:'].includes(url.protocol)) wrong(`foreign request: ${url.origin}`);
  });

  const answer = await page.goto(`${server}/graphiql`, { waitUntil: 'networkidle' });
  const policy = answer.headers()['content-security-policy'] ?? '';
  if (!policy.includes("default-src 'none'") && !policy.includes("default-src 'self'")) wrong(`no strict policy: ${policy}`);
  if (policy.includes('unsafe-eval')) wrong('the policy allows eval');

  const run = async (tab) => {
    await page.getByRole('tab', { name: tab }).click();
    await page.waitForTimeout(1000); // GraphiQL reads the name of the operation a moment after the tab is shown
    const [response] = await Promise.all([
      page.waitForResponse((r) => r.url().endsWith('/graphql') && !(r.request().postData() ?? '').includes('IntrospectionQuery')),
      page.locator('button.graphiql-execute-button').click(),
    ]);
    return response.json();
  };

  // A mutation stores, and a query reads it back.
  const logged = await run('LogByNameAndVersion');
  if (logged.errors || !logged.data) wrong(`the mutation: ${JSON.stringify(logged)}`);
  const latest = await run('ReadTheLatest');
  if (latest.errors || !latest.data?.artifactVersion) wrong(`the query: ${JSON.stringify(latest)}`);
  const found = await run('FindAndSort');
  if (found.errors || !(found.data?.artifactVersions?.totalCount > 0)) wrong(`the search: ${JSON.stringify(found)}`);
  await page.locator('.result-window', { hasText: 'totalCount' }).first().waitFor();

  // The documentation explorer knows the schema.
  await page.getByRole('button', { name: /documentation explorer/i }).first().click();
  await page.getByRole('link', { name: 'Query', exact: true }).or(page.getByText('Query', { exact: true })).first().click();
  await page.getByText('artifactVersions', { exact: true }).first().waitFor();

  if (screenshot) await page.screenshot({ path: screenshot });
} finally {
  await browser.close();
}
for (const problem of problems) console.log(problem);
process.exit(problems.length > 0 ? 1 : 0);
