// The page of artifacts.

import assert from 'node:assert/strict';

import { accessible, ask, clean, naughty, open, pictures, until } from './page.mjs';

export const tests = {};

const rows = async (page) => (await page.getByRole('rowheader').allInnerTexts()).map((text) => text.split('\n')[0]);

tests['pictures'] = async (servers) => {
  await pictures(servers.browser, servers, 'artifacts', '/', async (page) => {
    await page.getByRole('columnheader', { name: 'accuracy' }).first().waitFor();
    await page.getByText('0.98').first().waitFor({ state: 'attached' });
  });
};

tests['search, facets and the address'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo);
  const { page } = opened;
  await until('six artifacts', async () => (await rows(page)).length === 6);
  await page.getByRole('searchbox', { name: 'Search artifacts' }).fill('MODEL');
  await until('the model', async () => (await rows(page)).join() === 'penguins_model');
  assert.equal(new URL(page.url()).searchParams.get('search'), 'MODEL');
  await page.getByRole('searchbox', { name: 'Search artifacts' }).fill('');
  await page.getByText('Dataset', { exact: true }).first().click();
  await until('the datasets', async () => (await rows(page)).length === 4);
  await page.goBack();
  await until('six artifacts again', async () => (await rows(page)).length === 6);
  await page.goto(`${demo}/?search=nothing`);
  await page.getByText('No artifact matches').waitFor();
  await accessible(opened);
  await page.getByRole('button', { name: 'Clear the filters' }).click();
  await until('six artifacts at last', async () => (await rows(page)).length === 6);
  clean(opened);
  await opened.close();
};

tests['columns and sorting'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo, '/?columns=row_count');
  const { page } = opened;
  await page.getByRole('columnheader', { name: 'row_count' }).waitFor();
  await page.getByRole('button', { name: 'row_count' }).click();
  await until('the greatest first', async () => (await rows(page))[0] === 'penguins_raw');
  await page.getByRole('button', { name: 'row_count' }).click();
  await until('the least first', async () => ['penguins_test', 'penguins_evaluation'].includes((await rows(page))[0]));
  assert.equal((await rows(page)).at(-1), 'penguins_model', 'an artifact without the key comes last');
  await page.getByRole('button', { name: 'Artifact', exact: true }).click();
  await until('the names in order', async () => (await rows(page))[0] === 'penguins_train');
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('searchbox', { name: 'Search keys' }).fill('accur');
  await page.getByRole('checkbox', { name: 'metrics/accuracy' }).waitFor({ state: 'attached' });
  await accessible(opened, { popover: true });
  await page.getByText('metrics/accuracy').click();
  await page.keyboard.press('Escape');
  await page.getByRole('columnheader', { name: /metrics.*accuracy/ }).waitFor();
  assert.deepEqual(new URL(page.url()).searchParams.getAll('columns'), ['row_count', 'metrics/accuracy']);
  await page.reload();
  await page.getByRole('columnheader', { name: /metrics.*accuracy/ }).waitFor();
  clean(opened);
  await opened.close();
};

tests['rows by keyboard'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo, '/?sort=name&order=asc');
  const { page } = opened;
  await until('the rows', async () => (await rows(page))[0] === 'penguins_clean');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter'); // skips to the content
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await page.getByRole('link', { name: 'penguins_clean' }).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'penguins_evaluation' }).waitFor();
  clean(opened);
  await opened.close();
};

tests['an empty project, and none'] = async ({ browser, empty }) => {
  const opened = await open(browser, empty);
  await opened.page.getByRole('heading', { name: 'No artifacts yet' }).waitFor();
  await accessible(opened);
  await opened.page.goto(`${empty}/?project=nothing`);
  await opened.page.getByRole('heading', { name: 'There is no such project' }).waitFor();
  clean(opened);
  await opened.close();
};

tests['hostile names are text'] = async ({ browser, empty }) => {
  await ask(empty, 'mutation { createProject(input: {name: "hostile"}) { project { id } } }');
  for (const name of naughty) {
    await ask(
      empty,
      'mutation($input: CreateArtifactVersionInput!) { createArtifactVersion(input: $input) { artifactVersion { id } } }',
      { input: { project: 'hostile', artifact: name, type: name, tags: [name], metadata: { [name]: name, note: { $markdown: name } } } },
    );
  }
  const opened = await open(browser, empty, '/?project=hostile');
  const { page } = opened;
  await until('all names', async () => (await rows(page)).length === naughty.length);
  const shown = (await rows(page)).sort();
  assert.deepEqual(shown, naughty.map((name) => name.replace('\u202e', 'U+202E')).sort());
  assert.equal(await page.evaluate(() => window.harmed), undefined);
  clean(opened);
  await opened.close();
};

tests['many artifacts load on, and few rows are in the page'] = async ({ browser, empty }) => {
  await ask(empty, 'mutation { createProject(input: {name: "many"}) { project { id } } }');
  for (let i = 0; i < 320; i += 10) {
    const fields = Array.from({ length: 10 }, (_, j) => `a${j}: createArtifactVersion(input: {project: "many", artifact: "artifact ${String(i + j).padStart(3, '0')}"}) { artifactVersion { id } }`);
    await ask(empty, `mutation { ${fields.join(' ')} }`);
  }
  const opened = await open(browser, empty, '/?project=many&sort=name&order=asc&columns=none');
  const { page } = opened;
  await page.getByRole('link', { name: 'artifact 000' }).or(page.getByText('artifact 000')).first().waitFor();
  await until('the last row', async () => {
    await page.getByRole('table').evaluate((table) => table.parentElement.scrollTo(0, 1e6));
    return (await rows(page)).includes('artifact 319');
  });
  assert.ok((await rows(page)).length < 60, `${(await rows(page)).length} rows are in the page`);
  clean(opened);
  await opened.close();
};
