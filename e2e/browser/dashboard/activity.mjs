// The activity of a project.

import assert from 'node:assert/strict';

import { accessible, ask, clean, naughty, open, pictures, until } from './page.mjs';

export const tests = {};

const rows = async (page) => (await page.getByRole('rowheader').allInnerTexts()).map((text) => text.trim());

tests['pictures'] = async (servers) => {
  await pictures(servers.browser, servers, 'activity', '/activity', (page) => page.getByRole('row').nth(4).waitFor());
};

tests['what was promoted, by keyboard'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo, '/activity');
  const { page } = opened;
  await page.getByRole('row').nth(4).waitFor();
  await page.getByRole('checkbox', { name: 'alias set' }).focus();
  await page.keyboard.press('Space');
  await until('the alias only', async () => (await rows(page)).every((text) => text.startsWith('Alias')) && (await rows(page)).length > 0);
  assert.equal(new URL(page.url()).searchParams.get('kinds'), 'ALIAS_SET');
  await page.getByRole('link', { name: 'penguins_model / 3' }).focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/version\?/);
  await page.goBack();
  await until('the alias again', async () => (await rows(page))[0]?.startsWith('Alias'));
  await page.goto(`${demo}/activity?kinds=ARTIFACT_DELETED&age=day`);
  await page.getByText('No event matches').waitFor();
  await accessible(opened);
  await page.getByRole('button', { name: 'Clear the filters' }).click();
  await page.getByRole('row').nth(4).waitFor();
  clean(opened);
  await opened.close();
};

tests['states'] = async ({ browser, empty }) => {
  const opened = await open(browser, empty, '/activity?project=nothing');
  await opened.page.getByRole('heading', { name: 'There is no such project' }).waitFor();
  await accessible(opened);
  await ask(empty, 'mutation { createProject(input: {name: "quiet"}) { project { id } } }');
  await opened.page.goto(`${empty}/activity?project=quiet`);
  await opened.page.getByText('Nothing has happened yet').waitFor();
  await accessible(opened);
  clean(opened);
  await opened.close();
};

tests['many events load on, and hostile names are text'] = async ({ browser, empty }) => {
  const project = 'busy';
  await ask(empty, 'mutation($project: String!) { createProject(input: {name: $project}) { project { id } } }', { project });
  const create = 'mutation($input: CreateArtifactVersionInput!) { createArtifactVersion(input: $input) { artifactVersion { id } } }';
  for (const name of naughty) {
    await ask(empty, create, { input: { project, artifact: name, tags: [name], aliases: [name.trim()], metadata: { [name]: 1 } } });
  }
  for (let i = 0; i < 10; i++) {
    const fields = Array.from({ length: 10 }, (_, j) => `v${j}: createArtifactVersion(input: {project: "${project}", artifact: "later"}) { artifactVersion { id } }`);
    await ask(empty, `mutation { ${fields.join(' ')} }`);
  }
  const opened = await open(browser, empty, `/activity?project=${project}`);
  const { page } = opened;
  await page.getByRole('link', { name: 'later / 100' }).waitFor();
  await until('the first event', async () => {
    await page.getByRole('table').evaluate((table) => table.parentElement.scrollTo(0, 1e6));
    return (await page.getByRole('link', { name: `${naughty[0]} / 1`, exact: true }).count()) > 0;
  });
  assert.ok((await rows(page)).length < 60, `${(await rows(page)).length} rows are in the page`);
  assert.equal(await page.evaluate(() => window.harmed), undefined);
  clean(opened);
  await opened.close();
};
