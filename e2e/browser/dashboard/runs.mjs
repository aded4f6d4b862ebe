// The list of pipeline runs, and the page of a run.

import assert from 'node:assert/strict';

import { accessible, ask, clean, naughty, open, pictures, until } from './page.mjs';

export const tests = {};

const rows = async (page) => (await page.getByRole('rowheader').allInnerTexts()).map((text) => text.trim());

async function newestRun(server, pipeline = 'penguins') {
  const data = await ask(server, 'query($pipeline: String!) { pipelineRuns(where: {pipeline: {eq: $pipeline}}, first: 1) { nodes { id } } }', { pipeline });
  return data.pipelineRuns.nodes[0].id;
}

tests['pictures of the list'] = async (servers) => {
  await pictures(servers.browser, servers, 'runs', '/runs', (page) => page.getByRole('row').nth(4).waitFor());
};

tests['pictures of a run'] = async (servers) => {
  const id = await newestRun(servers.demo);
  await pictures(servers.browser, servers, 'run', `/run?id=${id}`, (page) => page.getByRole('heading', { name: 'evaluate' }).waitFor());
};

tests['from the list and the palette to a run, by keyboard'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo);
  const { page } = opened;
  await page.getByRole('navigation').getByRole('link', { name: 'Runs' }).focus();
  await page.keyboard.press('Enter');
  const link = page.getByRole('rowheader').getByRole('link', { name: 'penguins', exact: true }).first();
  await link.focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'train' }).waitFor();
  const step = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'split', exact: true }) });
  assert.match(await step.innerText(), /penguins_clean \/ 3[\s\S]*penguins_train \/ 3[\s\S]*penguins_test \/ 3/);
  await step.locator('summary').focus();
  await page.keyboard.press('Enter');
  await step.getByText('duration').waitFor();
  assert.match(await page.getByRole('complementary', { name: 'Facts of the run' }).innerText(), /parameters[\s\S]*features[\s\S]*flipper_length_mm/);
  await page.goBack();
  await until('the list again', async () => (await rows(page)).length >= 4);
  const palette = async (text) => {
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog', { name: 'Search and commands' }).waitFor();
    await page.keyboard.type(text);
  };
  await palette('penguins');
  await page.getByRole('menuitem', { name: /^penguins completed/ }).first().waitFor();
  await page.keyboard.press('Escape'); // clears the text
  await page.keyboard.type('model 3');
  await page.getByRole('menuitem', { name: /^penguins_model \/ 3/ }).waitFor();
  await page.keyboard.press('Escape');
  const id = await newestRun(demo);
  await page.keyboard.type(id);
  await page.getByRole('menuitem', { name: /^penguins run/ }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.pathname === '/run' && url.searchParams.get('id') === id);
  await page.getByRole('heading', { name: 'train' }).waitFor();
  clean(opened);
  await opened.close();
};

tests['facets and states, also without the server'] = async ({ browser, demo, empty }) => {
  const opened = await open(browser, demo, '/runs');
  const { page } = opened;
  await until('the runs', async () => (await rows(page)).length >= 4);
  await page.getByText('failed', { exact: true }).first().click();
  await page.getByText('No run matches').waitFor();
  assert.equal(new URL(page.url()).searchParams.get('status'), 'FAILED');
  await accessible(opened);
  await page.getByRole('button', { name: 'Clear the filters' }).click();
  await until('the runs again', async () => (await rows(page)).length >= 4);
  await page.goto(`${demo}/run?id=unknown`);
  await page.getByText('There is no such run').waitFor();
  await accessible(opened);
  clean(opened);
  await page.context().setOffline(true);
  await page.getByRole('navigation').getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('heading', { name: 'The page could not be loaded' }).waitFor();
  await page.context().setOffline(false);
  await page.getByRole('button', { name: 'Load it again' }).click();
  await page.getByRole('heading', { name: /^Settings/ }).waitFor();
  await opened.close();
  const other = await open(browser, empty, '/runs');
  await other.page.getByText('No runs yet').waitFor();
  await accessible(other);
  await other.page.goto(`${empty}/runs?project=nothing`);
  await other.page.getByRole('heading', { name: 'There is no such project' }).waitFor();
  clean(other);
  await other.close();
};

tests['pending outputs show their facts, and hostile names are text'] = async ({ browser, empty }) => {
  const project = 'hostile runs';
  await ask(empty, 'mutation($project: String!) { createProject(input: {name: $project}) { project { id } } }', { project });
  const [pipeline] = naughty;
  const run = await ask(empty, 'mutation($input: StartPipelineRunInput!) { startPipelineRun(input: $input) { pipelineRun { id } } }', { input: { project, pipeline } });
  const id = run.startPipelineRun.pipelineRun.id;
  for (const name of naughty) {
    const input = { pipelineRunId: id, name, outputs: [{ name, artifactName: name }] };
    const step = await ask(empty, 'mutation($input: StartStepRunInput!) { startStepRun(input: $input) { stepRun { id } } }', { input });
    const target = { stepContext: { stepRunId: step.startStepRun.stepRun.id } };
    await ask(empty, 'mutation($input: LogMetadataInput!) { logMetadata(input: $input) { entries { id } } }', {
      input: { target, metadata: { [name]: { $uri: name }, note: { $markdown: name }, waiting: { loss: 0.25 } } },
    });
  }
  const opened = await open(browser, empty, `/runs?project=${encodeURIComponent(project)}`);
  const { page } = opened;
  await page.getByRole('link', { name: pipeline }).click();
  await page.getByRole('heading', { level: 1, name: pipeline }).waitFor();
  await until('all outputs', async () => (await page.getByText('pending', { exact: true }).count()) === naughty.length);
  assert.equal(await page.getByText('0.25').count(), naughty.length, 'the facts of pending outputs');
  assert.equal(await page.evaluate(() => window.harmed), undefined);
  await accessible(opened);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0);
  clean(opened);
  await opened.close();
};
