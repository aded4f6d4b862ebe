// The frame of all pages.

import assert from 'node:assert/strict';

import { accessible, ask, clean, open, until } from './page.mjs';

export const tests = {};

tests['the policy holds, and a violation is seen'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo);
  const { page, seen, response } = opened;
  assert.match(response.headers()['content-security-policy'], /script-src 'self'; style-src 'self' 'sha256-.*require-trusted-types-for 'script'; trusted-types default/);
  await page.getByRole('row').nth(1).waitFor();
  clean(opened);
  await page.evaluate(() => { try { document.body.innerHTML = '<b>x</b>'; } catch { /* as it should be */ } });
  await until('the violation', () => seen.some((line) => line.startsWith('policy: require-trusted-types-for')));
  await opened.close();
};

tests['theme'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo, '/', { colorScheme: 'light' });
  const { page } = opened;
  const scheme = () => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
  assert.equal(await scheme(), 'light dark');
  await page.getByRole('button', { name: 'Theme' }).click();
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  await until('the dark theme', async () => (await scheme()) === 'dark');
  await page.reload();
  await page.getByRole('row').nth(1).waitFor();
  assert.equal(await scheme(), 'dark');
  clean(opened);
  await opened.close();
};

tests['command palette by keyboard'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo);
  const { page } = opened;
  await page.getByRole('row').nth(1).waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog', { name: 'Search and commands' }).waitFor();
  await page.keyboard.type('theme: da');
  await page.locator('[role=menuitem][data-focused]', { hasText: 'Theme: dark' }).waitFor(); // Enter chooses it
  await accessible(opened);
  await page.keyboard.press('Enter');
  await until('the dark theme', () => page.evaluate(() => document.documentElement.dataset.theme === 'dark'));
  clean(opened);
  await opened.close();
};

tests['an API key'] = async ({ browser, keys, key }) => {
  const opened = await open(browser, keys);
  const { page } = opened;
  const field = page.getByLabel('API key', { exact: true });
  await field.waitFor();
  await accessible(opened);
  await field.fill(`${key}x`);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('The server refused the key').waitFor();
  await field.fill(key);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('row', { name: /penguins_model/ }).waitFor();
  assert.ok(!page.url().includes(key));
  assert.equal(await page.evaluate(() => sessionStorage.length + localStorage.length), 0);
  await page.reload();
  await field.fill(key);
  await page.getByText('Keep it after a reload').click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('row', { name: /penguins_model/ }).waitFor();
  await page.reload();
  await page.getByRole('row', { name: /penguins_model/ }).waitFor();
  await opened.close();
};

tests['trusted documents'] = async ({ browser, trusted }) => {
  const opened = await open(browser, trusted);
  await opened.page.getByRole('heading', { name: 'No artifacts yet' }).waitFor();
  clean(opened);
  await opened.close();
};

tests['behind a proxy that adds a path'] = async ({ browser, prefix }) => {
  const opened = await open(browser, prefix, '/?search=model');
  await opened.page.getByRole('row', { name: /penguins_model/ }).waitFor();
  clean(opened);
  await opened.close();
};

tests['the query of the page in GraphiQL'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo);
  const { page } = opened;
  await page.getByRole('row').nth(1).waitFor();
  await page.getByRole('link', { name: 'GraphiQL' }).click();
  await page.locator('.graphiql-query-editor .view-line').first().waitFor();
  const text = () => page.locator('.graphiql-query-editor .view-lines').innerText();
  await until('the query', async () => (await text()).replaceAll('\u00a0', ' ').includes('query Artifacts('));
  await opened.close();
};

tests['changes are offered'] = async ({ browser, empty }) => {
  const create = 'mutation($name: String!) { createArtifactVersion(input: {artifact: $name}) { artifactVersion { id } } }';
  await ask(empty, 'mutation { createProject(input: {name: "changes"}) { project { id } } }');
  const inProject = (name) => create.replace('{artifact: $name}', `{project: "changes", artifact: "${name}"}`).replace('($name: String!)', '');
  await ask(empty, inProject('first'));
  const opened = await open(browser, empty, '/?project=changes');
  const { page } = opened;
  await page.getByRole('row', { name: /first/ }).waitFor();
  await ask(empty, inProject('second'));
  await page.getByRole('button', { name: 'Show changes' }).waitFor();
  assert.equal(await page.getByRole('row', { name: /second/ }).count(), 0, 'rows appear without being asked for');
  await page.getByRole('button', { name: 'Show changes' }).click();
  await page.getByRole('row', { name: /second/ }).waitFor();
  clean(opened);
  await opened.close();
};

tests['offline and reconnect'] = async ({ browser, demo }) => {
  const opened = await open(browser, demo);
  const { page } = opened;
  await page.getByRole('row').nth(1).waitFor();
  await page.context().setOffline(true);
  await page.getByText('Offline').waitFor();
  await page.context().setOffline(false);
  await page.getByText('Offline').waitFor({ state: 'detached' });
  await opened.close();
};

/** Creates an API key by the owner's key, and returns its secret and its ID. */
async function createKey(keys, key, name, role) {
  const mutation = 'mutation($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } } }';
  const { createApiKey } = await ask(keys, mutation, { input: { name: `${name} ${Date.now()}`, role, project: 'default' } }, key);
  return { secret: createApiKey.secret, id: createApiKey.apiKey.id };
}

async function signIn(page, secret) {
  await page.getByLabel('API key', { exact: true }).fill(secret);
  await page.getByRole('button', { name: 'Continue' }).click();
}

tests['a reader cannot write'] = async ({ browser, keys, key }) => {
  const reader = await createKey(keys, key, 'reader', 'READER');
  const opened = await open(browser, keys, '/version?name=penguins_model&version=3&key=metrics/accuracy');
  const { page } = opened;
  await signIn(page, reader.secret);
  await page.getByRole('dialog').getByText('0.93382').first().waitFor();
  assert.equal(await page.getByRole('button', { name: /Log a fact|Retract/ }).count(), 0);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Copy selector' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Log a fact' }).count(), 0);
  clean(opened);
  await opened.close();
};

tests['a revoked key'] = async ({ browser, keys, key }) => {
  const writer = await createKey(keys, key, 'writer', 'WRITER');
  const opened = await open(browser, keys);
  const { page } = opened;
  await signIn(page, writer.secret);
  await page.getByRole('row', { name: /penguins_model/ }).waitFor();
  await ask(keys, 'mutation($id: ID!) { revokeApiKey(input: {apiKeyId: $id}) { apiKey { id } } }', { id: writer.id }, key);
  await page.getByText('The server refused the key').waitFor();
  await signIn(page, key);
  await page.getByRole('row', { name: /penguins_model/ }).waitFor();
  clean(opened);
  await opened.close();
};
