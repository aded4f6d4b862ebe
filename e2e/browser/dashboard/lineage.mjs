// The lineage of a version.

import assert from 'node:assert/strict';

import { accessible, ask, clean, naughty, open, pictures, until } from './page.mjs';

export const tests = {};

const model = '/lineage?name=penguins_model&version=3';
const node = (page, name) => page.getByRole('link', { name: new RegExp(`^${name}\\b.*made from`) });

tests['pictures of the graph'] = async (servers) => {
  await pictures(servers.browser, servers, 'lineage', model, (page) => node(page, 'penguins_model 3').waitFor());
};

tests['pictures of the list'] = async (servers) => {
  await pictures(servers.browser, servers, 'lineage-list', `${model}&view=list`, (page) => page.getByRole('row').nth(4).waitFor());
};

tests['by keyboard from a model to its data, and on'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo, model);
  const { page } = opened;
  const focused = () => page.evaluate(() => document.activeElement?.innerText.replace(/\s+/g, ' ') ?? '');
  const press = async (key, name) => {
    await page.keyboard.press(key);
    await until(name, async () => (await focused()).startsWith(name));
  };
  await node(page, 'penguins_model 3').focus();
  await press('ArrowLeft', 'penguins_train 3');
  await press('ArrowLeft', 'penguins_clean 3');
  await press('ArrowLeft', 'penguins_raw 1');
  await page.keyboard.press('Shift+ArrowRight');
  await node(page, 'penguins_model 1').waitFor();
  assert.match(new URL(page.url()).searchParams.get('expanded'), /^down:/);
  await until('the focus stays', async () => (await focused()).startsWith('penguins_raw 1'));
  await press('ArrowRight', 'penguins_clean');
  await press('Home', 'penguins_model 3');
  await accessible(opened);
  await page.reload();
  await node(page, 'penguins_evaluation 1').waitFor();
  await node(page, 'penguins_model 3').focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/version\?/);
  await page.goBack();
  await node(page, 'penguins_model 3').waitFor();
  clean(opened);
  await opened.close();
};

tests['the list has the same versions, also as of an instant'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo, model);
  const { page } = opened;
  await page.getByRole('button', { name: 'List' }).click();
  await page.getByRole('table', { name: 'Lineage' }).waitFor();
  const rows = async () => (await page.getByRole('row').allInnerTexts()).slice(1).map((text) => text.split(/\s*[\n\t]\s*/).slice(0, 2).join(': '));
  assert.deepEqual(await rows(), [
    'penguins_model / 3: this version',
    'penguins_train / 3: 1 step upstream',
    'penguins_clean / 3: 2 steps upstream',
    'penguins_raw / 1: 3 steps upstream',
    'penguins_evaluation / 3: 1 step downstream',
  ]);
  await page.getByRole('row', { name: /^penguins_train/ }).getByRole('button', { name: 'Load what was made from it' }).click();
  await page.getByRole('row', { name: /^penguins_clean/ }).getByRole('button', { name: 'Load what was made from it' }).click();
  await page.getByRole('row', { name: /^penguins_test \/ 3 beside it/ }).waitFor();
  await page.getByRole('button', { name: 'As of' }).click();
  await page.getByRole('slider', { name: 'Instant' }).focus();
  await page.keyboard.press('Home');
  await until('what the version was made from, without its use', async () => (await rows()).length === 4);
  const { searchParams } = new URL(page.url());
  assert.ok(searchParams.has('asOf') && !searchParams.has('expanded'), page.url());
  await accessible(opened);
  await page.getByRole('rowheader').getByRole('link', { name: 'penguins_train / 3' }).click();
  await page.waitForURL((url) => url.pathname === '/version' && url.searchParams.get('asOf') === searchParams.get('asOf'));
  await page.getByRole('button', { name: 'Back to now' }).waitFor();
  await page.goto(`${demo}${model}&asOf=2020-01-01T00:00:00Z`);
  await page.getByText('did not exist at this instant').waitFor();
  await page.getByRole('button', { name: 'Show it now' }).click();
  await node(page, 'penguins_model 3').waitFor();
  clean(opened);
  await opened.close();
};

tests['a thousand versions, of which few are in the page'] = async ({ browser, empty }) => {
  const project = 'wide';
  await ask(empty, 'mutation($project: String!) { createProject(input: {name: $project}) { project { id } } }', { project });
  const run = await ask(empty, 'mutation($project: String!) { startPipelineRun(input: {project: $project, pipeline: "fan out"}) { pipelineRun { id } } }', { project });
  const step = async (name, inputs, artifacts) => {
    const outputs = artifacts.map((artifact, i) => ({ name: String(i), artifactName: artifact }));
    const input = { pipelineRunId: run.startPipelineRun.pipelineRun.id, name, outputs, inputs: inputs.map((id, i) => ({ name: String(i), artifactVersionId: id })) };
    const started = await ask(empty, 'mutation($input: StartStepRunInput!) { startStepRun(input: $input) { stepRun { id } } }', { input });
    const finished = await ask(empty, 'mutation($input: FinishStepRunInput!) { finishStepRun(input: $input) { outputs { artifactVersion { id } } } }', {
      input: { stepRunId: started.startStepRun.stepRun.id, outputs: outputs.map((output) => ({ name: output.name })) },
    });
    return finished.finishStepRun.outputs.map((output) => output.artifactVersion.id);
  };
  const [source] = await step('load', [], ['source']);
  const parts = await step('split', [source], Array.from({ length: 10 }, (_, i) => `part ${i}`));
  for (const [i, part] of parts.entries()) await step(`fit ${i}`, [part], Array.from({ length: 100 }, (_, j) => `model ${i} ${j}`));

  const expanded = parts.map((id) => `expanded=down:${id}`).join('&');
  const opened = await open(browser, empty, `/lineage?project=${project}&name=source&${expanded}`);
  const { page } = opened;
  await page.getByRole('status').filter({ hasText: '1011 versions' }).waitFor();
  await node(page, 'source 1').waitFor();
  await page.getByText('Arranging the versions').waitFor({ state: 'detached' });
  const nodes = await page.locator('[data-id]').count();
  assert.ok(nodes > 5 && nodes < 120, `${nodes} versions are in the page`);
  await page.getByRole('button', { name: 'Show all' }).click();
  await until('boxes without text', async () => (await page.locator('[data-id]').count()) === 1);
  await page.getByRole('button', { name: 'Go to the version' }).click();
  await page.getByRole('button', { name: 'List' }).click();
  await page.getByRole('row', { name: /^source/ }).waitFor();
  assert.ok((await page.getByRole('row').count()) < 60);
  clean(opened);
  await opened.close();
};

tests['states, and hostile names are text'] = async ({ browser, demo, empty }) => {
  const opened = await open(browser, demo, '/lineage?name=nothing');
  await opened.page.getByRole('heading', { name: 'There is no such version' }).waitFor();
  await accessible(opened);
  clean(opened);
  await opened.close();
  const project = 'hostile lineage';
  await ask(empty, 'mutation($project: String!) { createProject(input: {name: $project}) { project { id } } }', { project });
  const input = { project, artifact: naughty[0], type: naughty[1] };
  await ask(empty, 'mutation($input: CreateArtifactVersionInput!) { createArtifactVersion(input: $input) { artifactVersion { id } } }', { input });
  const other = await open(browser, empty, `/lineage?${new URLSearchParams({ project, name: naughty[0] })}`);
  await other.page.getByText('No step run is known').waitFor();
  await other.page.locator('[data-id]').waitFor();
  assert.equal(await other.page.evaluate(() => window.harmed), undefined);
  await accessible(other);
  clean(other);
  await other.close();
};
