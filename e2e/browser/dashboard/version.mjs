// The page of a version.

import assert from 'node:assert/strict';

import { accessible, ask, clean, open, pictures, until } from './page.mjs';

export const tests = {};

const model = '/version?name=penguins_model&version=3';
const card = (page, name) => page.locator('section', { has: page.getByRole('heading', { name, exact: true }) });

tests['pictures'] = async (servers) => {
  await pictures(servers.browser, servers, 'version', model, async (page) => {
    await card(page, 'metrics').getByText('0.9902').waitFor();
    await page.locator('strong', { hasText: 'One or two' }).waitFor(); // the Markdown is drawn
  });
};

tests['values by their kind'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo, '/version?name=penguins_raw');
  const { page } = opened;
  await card(page, 'Facts').waitFor();
  assert.equal(await page.getByText('15.24 kB').getAttribute('title'), '15\u202f241 bytes');
  assert.equal(await page.getByRole('link', { name: 'https://doi.org' }).getAttribute('href'), 'https://doi.org/10.5281/zenodo.3960218');
  assert.deepEqual(await card(page, 'columns').getByText('float64').count(), 4);
  await page.getByRole('link', { name: 'Horst, Hill and Gorman (2020)' }).waitFor();
  await page.goto(demo + model);
  const cells = card(page, 'metrics').getByRole('group', { name: 'Matrix of 3 by 3' }).getByRole('cell');
  await cells.first().waitFor();
  assert.deepEqual(await cells.allInnerTexts(), ['45', '0', '0', '1', '19', '0', '0', '0', '37']);
  assert.deepEqual(await page.locator('main h2').allInnerTexts(), ['Facts', 'parameters', 'metrics', 'Made from', 'Used by', 'Timeline']);
  clean(opened);
  await opened.close();
};

tests['from a model to the data that it was trained on'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo, model);
  const { page } = opened;
  await card(page, 'Made from').getByRole('link', { name: 'penguins_train / 3' }).click();
  await card(page, 'Made from').getByRole('link', { name: 'penguins_clean / 3' }).click();
  await card(page, 'Made from').getByRole('link', { name: 'penguins_raw / 1' }).click();
  await card(page, 'Used by').getByRole('link', { name: 'penguins_clean / 4' }).waitFor();
  await page.goBack();
  await page.getByRole('heading', { name: /penguins_clean.*3/ }).waitFor();
  clean(opened);
  await opened.close();
};

tests['history of a key'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo, model);
  const { page } = opened;
  await card(page, 'metrics').getByRole('button', { name: 'accuracy' }).focus();
  await page.keyboard.press('Enter');
  const sheet = page.getByRole('dialog', { name: /accuracy/ });
  await sheet.getByRole('img', { name: 'The value over the versions' }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get('key'), 'metrics/accuracy');
  assert.equal(await sheet.getByRole('row').filter({ hasText: '0.93382' }).count(), 1);
  await accessible(opened, { popover: true });
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'detached' });
  clean(opened);
  await opened.close();
};

tests['as of an instant'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo, model);
  const { page } = opened;
  await page.getByRole('button', { name: 'As of' }).click();
  const slider = page.getByRole('slider', { name: 'Instant' });
  await slider.focus();
  await accessible(opened);
  await page.keyboard.press('Home');
  await until('the first instant in the address', () => new URL(page.url()).searchParams.has('asOf'));
  await card(page, 'metrics').waitFor({ state: 'detached' });
  await card(page, 'parameters').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Log a fact' }).count(), 0);
  await accessible(opened);
  await page.getByRole('button', { name: 'Back to now' }).click();
  await card(page, 'metrics').waitFor();
  clean(opened);
  await opened.close();
};

tests['the selector'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo, model);
  const { page } = opened;
  await page.getByRole('button', { name: 'Copy selector' }).click();
  const text = async (name) => {
    await page.getByRole('tab', { name }).click();
    return page.getByRole('tabpanel').locator('pre').innerText();
  };
  const query = await text('GraphQL');
  assert.equal((await ask(demo, query)).artifactVersion.version, '3');
  assert.match(await text('curl'), /curl http.*\/graphql -H 'Content-Type: application\/json' \\\n {2}-d '\{"query":/);
  assert.match(await text('Python'), /client\.artifact\("penguins_model"\)\.version\("3"\)/);
  await accessible(opened, { popover: true });
  clean(opened);
  await opened.close();
};

tests['log a fact and retract it'] = async ({ browser, keys, key }) => {
  const { createArtifactVersion } = await ask(
    keys,
    'mutation($input: CreateArtifactVersionInput!) { createArtifactVersion(input: $input) { artifactVersion { version } } }',
    { input: { artifact: 'notes', metadata: { first: 1 } } },
    key,
  );
  const opened = await open(browser, keys, `/version?name=notes&version=${createArtifactVersion.artifactVersion.version}`);
  const { page } = opened;
  await page.getByLabel('API key', { exact: true }).fill(key);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Log a fact' }).click();
  const dialog = page.getByRole('dialog', { name: 'Log a fact' });
  await dialog.getByLabel('Key').fill('size');
  await dialog.getByLabel('Card').fill('by hand');
  await dialog.getByRole('button', { name: /Kind/ }).click();
  await page.getByRole('option', { name: 'storage size' }).click();
  await dialog.getByLabel('Value').fill('1.5 parsecs');
  await dialog.getByRole('button', { name: 'Log the fact' }).click();
  await dialog.getByText('storageSize').waitFor(); // the error of the API
  await accessible(opened, { popover: true });
  await dialog.getByLabel('Value').fill('1.5 GiB');
  await dialog.getByRole('button', { name: 'Log the fact' }).click();
  await card(page, 'by hand').getByText('1.61 GB').waitFor();

  await card(page, 'by hand').getByRole('button', { name: 'size' }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByRole('cell', { name: 'person' }).waitFor();
  await sheet.getByRole('button', { name: 'Retract this fact' }).click();
  await sheet.getByLabel('Reason of the retraction').fill('measured with the wrong unit');
  await sheet.getByRole('button', { name: 'Retract', exact: true }).click();
  await sheet.getByText('measured with the wrong unit').waitFor();
  await sheet.getByRole('button', { name: 'Close' }).click();
  await card(page, 'by hand').waitFor({ state: 'detached' });
  assert.deepEqual(opened.seen.filter((line) => !line.includes('401')), []);
  await opened.close();
};

const hostile = {
  script: '<script>window.harmed = 1</script>',
  link: { $uri: 'javascript:window.harmed=1' },
  data: { $uri: 'data:text/html,<script>window.harmed=1</script>' },
  note: { $markdown: '<img src=x onerror=window.harmed=1> [click](javascript:window.harmed=1) ![x](http://foreign.example/x.png) **bold**' },
  bidi: 'safe\u202egpj.exe\u0007',
  giant: { $float: 'Infinity' },
  big: 9007199254740992,
  deep: { a: { b: { c: [1, { d: '</script>' }] } } },
  rows: [{ '<b>': '1' }, { '<b>': '2' }],
  long: 'x'.repeat(5000),
  '"><i>key': 'value',
};

tests['hostile values are text'] = async ({ browser, empty }) => {
  const name = '../<b>x</b>?a=b#c';
  await ask(
    empty,
    'mutation($input: CreateArtifactVersionInput!) { createArtifactVersion(input: $input) { artifactVersion { id } } }',
    { input: { artifact: name, version: '..', metadata: { '<u>card</u>': hostile } } },
  );
  const opened = await open(browser, empty, `/version?${new URLSearchParams({ name, version: '..' })}`);
  const { page } = opened;
  await page.locator('strong', { hasText: 'bold' }).waitFor();
  const text = await page.locator('main').innerText();
  for (const part of ['<script>window.harmed = 1</script>', 'javascript:window.harmed=1', 'U+202E', 'U+0007', 'Infinity', '<u>card</u>', '<img src=x', '"><i>key', name]) {
    assert.ok(text.includes(part), `${part} is not shown`);
  }
  assert.equal(await page.locator('main a[href^="javascript"], main a[href^="data"], main img').count(), 0);
  assert.equal(await page.evaluate(() => window.harmed), undefined);
  await accessible(opened);
  clean(opened);
  await opened.close();
};

tests['missing versions'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo, '/version?name=penguins_model&version=99');
  const { page } = opened;
  await page.getByText('There is no such version').waitFor();
  await accessible(opened);
  await page.goto(`${demo}${model}&asOf=2020-01-01T00:00:00Z`);
  await page.getByText('did not exist at this instant').waitFor();
  await page.goto(`${demo}${model}&asOf=yesterday`);
  await page.getByText('This could not be read').waitFor();
  clean(opened);
  await opened.close();
};
