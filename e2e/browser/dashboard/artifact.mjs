// The page of an artifact.

import assert from 'node:assert/strict';

import { accessible, ask, clean, open, pictures, until } from './page.mjs';

export const tests = {};

const model = '/artifact?name=penguins_model';
const versions = (page) => page.getByRole('rowheader').allInnerTexts();

tests['pictures'] = async (servers) => {
  await pictures(servers.browser, servers, 'artifact', model, async (page) => {
    await page.getByRole('columnheader', { name: /metrics.*accuracy/ }).waitFor();
    await page.getByText('0.9902').first().waitFor();
    await page.locator('strong', { hasText: 'species' }).waitFor();
  });
  await pictures(servers.browser, servers, 'artifact-plot', `${model}&view=plot`, async (page) => {
    await page.getByRole('img', { name: 'accuracy over 4 versions' }).locator('canvas').waitFor();
    await page.locator('strong', { hasText: 'species' }).waitFor();
  });
};

tests['the best version, and why'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo, model);
  const { page } = opened;
  await page.getByRole('columnheader', { name: /metrics.*accuracy/ }).waitFor();
  await page.getByRole('button', { name: /metrics.*accuracy/ }).click();
  await until('the best first', async () => (await versions(page))[0]?.startsWith('3'));
  assert.match(await page.getByRole('row').nth(1).innerText(), /0\.9902/);
  assert.equal(new URL(page.url()).searchParams.get('sort'), 'fact:metrics/accuracy');
  await page.getByRole('rowheader').first().getByRole('link').press('Enter');
  await page.getByRole('heading', { name: /penguins_model.*3/ }).waitFor();
  await page.goBack();
  await until('the same order', async () => (await versions(page))[0]?.startsWith('3'));
  clean(opened);
  await opened.close();
};

tests['the filter builder writes GraphQL'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo, model);
  const { page } = opened;
  await page.getByRole('row').nth(4).waitFor();
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  await page.getByRole('button', { name: /Field/ }).click();
  await page.getByRole('option', { name: 'metrics/accuracy' }).click();
  await page.getByRole('textbox', { name: 'Value' }).fill('0.95');
  await accessible(opened, { popover: true });
  await page.getByRole('button', { name: 'Add the condition' }).click();
  await page.keyboard.press('Escape');
  await until('three versions', async () => (await versions(page)).length === 3);
  await page.getByRole('button', { name: 'GraphQL', exact: true }).click();
  const text = await page.getByRole('dialog').locator('code').innerText();
  assert.equal(text, 'where: {metadata: {card: "metrics", key: "accuracy", gte: 0.95}}');
  const { artifactVersions } = await ask(demo, `{ artifactVersions(${text}) { totalCount } }`);
  assert.equal(artifactVersions.totalCount, 3);
  await page.keyboard.press('Escape');
  await page.reload();
  await until('three versions after a reload', async () => (await versions(page)).length === 3);
  await page.getByRole('button', { name: 'Remove the condition' }).click();
  await until('all versions', async () => (await versions(page)).length === 4);
  clean(opened);
  await opened.close();
};

tests['plots, keys and timeline'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo, model);
  const { page } = opened;
  await page.getByRole('link', { name: 'Keys', exact: true }).click();
  await page.getByRole('searchbox', { name: 'Search keys' }).fill('accur');
  await page.getByRole('row', { name: /metrics\/accuracy/ }).getByText('0.93382 to 0.9902').waitFor();
  await accessible(opened);
  await page.getByRole('button', { name: 'Plot accuracy' }).click();
  await page.getByRole('img', { name: 'accuracy over 4 versions' }).locator('canvas').waitFor();
  assert.deepEqual(new URL(page.url()).searchParams.getAll('series'), ['metrics/accuracy']);
  await page.getByText('median').waitFor();
  await accessible(opened);
  const range = () => new URL(page.url()).searchParams.get('range');
  const plot = page.getByRole('img', { name: 'accuracy over 4 versions' });
  await plot.focus();
  for (const key of ['Home', 'ArrowRight', '+']) await page.keyboard.press(key);
  await until('the range around version 2', () => range() === '1..2');
  await page.getByRole('status').filter({ hasText: /^2\s*0\.95098/ }).waitFor();
  await page.keyboard.press('Escape');
  await until('all versions', () => range() === null);
  const { x, y, width, height } = await plot.locator('.u-over').boundingBox();
  await page.mouse.move(x + width * 0.2, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.5, y + height / 2);
  await page.mouse.move(x + width * 0.8, y + height / 2);
  await page.mouse.up();
  await until('the range between the ends of the drag', () => range() === '2..3');
  await page.reload();
  await page.getByRole('button', { name: 'Show all versions, not only 2 to 3' }).click();
  await plot.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/version\?.*version=1/);
  await page.goBack();
  await page.getByRole('link', { name: 'Timeline', exact: true }).click();
  await page.getByText('Alias best set').waitFor();
  await accessible(opened);
  await page.goBack();
  await page.getByRole('img', { name: 'accuracy over 4 versions' }).waitFor();
  clean(opened);
  await opened.close();
};

tests['many versions load on, and few rows are in the page'] = async ({ browser, empty }) => {
  for (let i = 0; i < 200; i += 10) {
    const fields = Array.from({ length: 10 }, (_, j) => `a${j}: createArtifactVersion(input: {artifact: "long", metadata: {loss: ${1 / (i + j + 1)}}}) { deduplicated }`);
    await ask(empty, `mutation { ${fields.join(' ')} }`);
  }
  const opened = await open(browser, empty, '/artifact?name=long&columns=loss');
  const { page } = opened;
  await page.getByRole('row').nth(1).waitFor();
  await until('the first version', async () => {
    await page.getByRole('table').evaluate((table) => table.parentElement.scrollTo(0, 1e6));
    return (await versions(page)).at(-1) === '1';
  });
  assert.ok((await versions(page)).length < 60);
  clean(opened);
  await opened.close();
};

tests['a missing artifact'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo, '/artifact?name=nothing');
  await opened.page.getByText('There is no such artifact').waitFor();
  await accessible(opened);
  clean(opened);
  await opened.close();
};
