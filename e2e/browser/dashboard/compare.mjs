// The comparison of versions.

import assert from 'node:assert/strict';

import { accessible, ask, clean, naughty, open, pictures, until } from './page.mjs';

export const tests = {};

const addressOf = (numbers) => `/compare?${numbers.map((number) => `versions=penguins_model/${number}`).join('&')}`;
const keys = async (page) => (await page.getByRole('rowheader').allInnerTexts()).map((text) => text.trim());
const cellsOf = async (page, key) => (await page.getByRole('row', { name: key }).getByRole('cell').allInnerTexts()).map((text) => text.trim());

tests['pictures of the facts'] = async (servers) => {
  await pictures(servers.browser, servers, 'compare', addressOf([1, 2, 3, 4]), (page) => page.getByRole('rowheader', { name: /accuracy$/ }).waitFor());
};

for (const view of ['parallel', 'scatter']) {
  tests[`pictures of the plot: ${view}`] = async (servers) => {
    const address = `${addressOf([1, 2, 3, 4])}&view=${view}`;
    await pictures(servers.browser, servers, `compare-${view}`, address, (page) => page.getByRole('img', { name: /accuracy/ }).waitFor());
  };
}

tests['why the best model is better'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo, '/compare');
  const { page } = opened;
  await page.getByText('Choose the versions to compare').waitFor();
  await accessible(opened);
  await page.getByRole('searchbox', { name: 'Search versions' }).fill('penguins_model');
  for (const version of [1, 3]) await page.getByText(`penguins_model / ${version}`, { exact: true }).click();
  await page.getByRole('rowheader', { name: 'metrics/accuracy' }).waitFor();
  assert.deepEqual(new URL(page.url()).searchParams.getAll('versions'), ['penguins_model/1', 'penguins_model/3']);
  const [before, after] = await cellsOf(page, /metrics\/accuracy/);
  assert.match(before, /^0\.\d+$/);
  assert.match(after, /^0\.\d+\n\+0\.\d+ \(\+\d+\.\d+ %\)$/, 'the difference, absolute and relative');
  assert.match((await cellsOf(page, /parameters\/features/))[1], /\+bill_depth_mm/, 'the members that were added');
  assert.deepEqual(await cellsOf(page, /Input penguins_train/), ['penguins_train / 1', 'penguins_train / 3']);
  assert.match((await cellsOf(page, /Made by/))[0], /train of penguins/);
  assert.ok(!(await keys(page)).includes('parameters/seed'), 'a key with the same values is shown');
  await page.getByText('Only differences').click();
  await until('all keys', async () => (await keys(page)).includes('parameters/seed'));
  await page.getByRole('searchbox', { name: 'Search keys' }).fill('SEED');
  await until('the found key', async () => (await keys(page)).join() === 'parameters/seed');
  await page.getByRole('button', { name: 'Column penguins_model/3' }).click();
  await page.getByRole('menuitem', { name: 'Compare the others with it' }).click();
  await until('the baseline in the address', () => new URL(page.url()).searchParams.get('baseline') === 'penguins_model/3');
  await page.goto(`${demo}${addressOf([1, 3])}&baseline=penguins_model/3`);
  await until('the difference of the first', async () => /^0\.\d+\n−0\.\d+ /.test((await cellsOf(page, /metrics\/accuracy/))[0] ?? ''));
  clean(opened);
  await opened.close();
};

tests['from a selection of versions, and from the palette'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo, '/artifact?name=penguins_model');
  const { page } = opened;
  await page.getByText('0.9902').first().waitFor(); // the rows do not change any more
  for (const version of [4, 2]) {
    const box = page.getByRole('checkbox', { name: `Compare ${version}` });
    await box.press('Space');
    await until('the choice', () => box.isChecked());
  }
  await accessible(opened);
  await page.getByRole('link', { name: 'Compare 2 versions' }).click();
  await page.getByRole('rowheader', { name: 'metrics/accuracy' }).waitFor();
  assert.deepEqual(new URL(page.url()).searchParams.getAll('versions'), ['penguins_model/4', 'penguins_model/2']);
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog', { name: 'Search and commands' }).waitFor();
  await page.keyboard.type('compare');
  await until('one command', async () => (await page.getByRole('menuitem').allInnerTexts()).join() === 'Compare');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByText('Choose the versions to compare').waitFor();
  clean(opened);
  await opened.close();
};

tests['plots by keyboard'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo, addressOf([1, 2, 3]));
  const { page } = opened;
  const press = async (name, role = 'button') => {
    await page.getByRole(role, { name, exact: true }).focus();
    await page.keyboard.press('Enter');
  };
  await page.getByRole('rowheader', { name: 'metrics/accuracy' }).waitFor();
  await press('Parallel coordinates');
  await page.getByRole('img', { name: /Lines of 3 versions over .*metrics\/accuracy/ }).waitFor();
  await press('Axes');
  await page.getByRole('checkbox', { name: 'training_time' }).focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('Escape');
  await until('the axes in the address', () => !new URL(page.url()).searchParams.getAll('axes').includes('training_time'));
  await press('Scatter');
  await page.getByRole('button', { name: /Vertical/ }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('option', { name: 'parameters / k' }).waitFor();
  await page.keyboard.type('parameters / k');
  await page.keyboard.press('Enter');
  await page.getByRole('img', { name: /by .* and parameters\/k/ }).waitFor();
  await page.goBack();
  await page.getByRole('img', { name: /and metrics\/accuracy/ }).waitFor();
  await press('Parallel coordinates');
  await page.getByRole('slider', { name: 'Least metrics/accuracy' }).focus();
  await page.keyboard.press('ArrowUp');
  await page.getByText('2 of 3 versions are in the ranges').waitFor();
  assert.match(new URL(page.url()).searchParams.get('ranges'), /^0\.934\d*\.\.:metrics\/accuracy$/);
  await accessible(opened);
  const axis = await page.getByTestId('axis metrics/accuracy').boundingBox();
  await page.mouse.move(axis.x + axis.width / 2, axis.y + 1);
  await page.mouse.down();
  await page.mouse.move(axis.x + axis.width / 2, axis.y + axis.height * 0.1);
  await page.mouse.up();
  await page.getByText('1 of 3 versions are in the ranges').waitFor();
  await press('Clear the ranges');
  await page.getByRole('slider', { name: 'Least metrics/accuracy' }).focus();
  await page.keyboard.press('ArrowUp');
  await press('Compare only these');
  await page.getByRole('img', { name: /Lines of 2 versions/ }).waitFor();
  assert.deepEqual(new URL(page.url()).searchParams.getAll('versions'), ['penguins_model/2', 'penguins_model/3']);
  clean(opened);
  await opened.close();
};

tests['a version that does not exist can be removed'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo, addressOf([1, 2, 99]));
  const { page } = opened;
  await page.getByRole('alert').waitFor();
  await accessible(opened);
  await page.getByRole('button', { name: 'Remove penguins_model/99' }).click();
  await page.getByRole('rowheader', { name: 'metrics/accuracy' }).waitFor();
  clean(opened);
  await opened.close();
};

tests['twenty versions with hostile names and values'] = async ({ browser, empty }) => {
  await ask(empty, 'mutation { createProject(input: {name: "hostile comparison"}) { project { id } } }');
  const names = Array.from({ length: 20 }, (_, i) => naughty[i % naughty.length]);
  const versions = [];
  for (const [i, name] of names.entries()) {
    const metadata = { [name]: { $markdown: name }, number: i === 3 ? { $float: 'NaN' } : i, huge: { $float: '1e308' }, text: name };
    metadata.huge = i % 2 ? 1e308 : -1e308;
    const input = { project: 'hostile comparison', artifact: name, metadata };
    const data = await ask(empty, 'mutation($input: CreateArtifactVersionInput!) { createArtifactVersion(input: $input) { artifactVersion { version } } }', { input });
    versions.push(`${name.replace(/[\\/]/g, '\\$&')}/${data.createArtifactVersion.artifactVersion.version}`);
  }
  const query = new URLSearchParams([['project', 'hostile comparison'], ...versions.map((version) => ['versions', version])]);
  const opened = await open(browser, empty, `/compare?${query}`);
  const { page } = opened;
  await page.getByRole('row', { name: /number/ }).waitFor();
  assert.equal(await page.getByRole('columnheader').count(), 21);
  assert.equal(await page.evaluate(() => window.harmed), undefined);
  await page.getByRole('button', { name: 'Parallel coordinates' }).click();
  await page.getByRole('img', { name: /Lines of 20 versions/ }).waitFor();
  await accessible(opened);
  await page.getByRole('button', { name: 'Scatter' }).click();
  await page.getByRole('img', { name: /20 versions by/ }).waitFor();
  clean(opened);
  await opened.close();
};
