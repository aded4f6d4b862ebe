// The settings of a project.

import assert from 'node:assert/strict';
import { join } from 'node:path';

import { accessible, ask, clean, open, pictures, until } from './page.mjs';

export const tests = {};

async function signIn(page, key) {
  await page.getByLabel('API key', { exact: true }).fill(key);
  await page.getByRole('button', { name: 'Continue' }).click();
}

tests['pictures'] = async (servers) => {
  await pictures(servers.browser, servers, 'settings', '/settings', (page) => page.getByText('Versions', { exact: true }).waitFor());
};

tests['pictures of the audit events'] = async (servers) => {
  await pictures(servers.browser, servers, 'settings-audit', '/settings?view=audit', (page) => page.getByRole('row').nth(1).waitFor());
};

tests['the description, by keyboard'] = async ({ browser, empty }) => {
  await ask(empty, 'mutation { createProject(input: {name: "described"}) { project { id } } }');
  const opened = await open(browser, empty, '/settings?project=described');
  const { page } = opened;
  await page.getByText('The project has no description').waitFor();
  await accessible(opened);
  await page.getByRole('button', { name: 'Edit' }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.type('Models of **penguins** <script>window.harmed = 1</script>');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('strong', { hasText: 'penguins' }).innerText(), 'penguins');
  await page.getByText('<script>window.harmed = 1</script>').waitFor();
  assert.equal(await page.evaluate(() => window.harmed), undefined);
  await page.reload();
  await page.locator('strong', { hasText: 'penguins' }).waitFor();
  await page.getByRole('button', { name: 'Audit' }).click();
  await page.getByRole('row', { name: /project described/ }).waitFor();
  await page.goto(`${empty}/settings?project=described&view=audit&actions=ALIAS_SET`);
  await page.getByText('No event matches').waitFor();
  await accessible(opened);
  await page.goto(`${empty}/settings?project=nothing`);
  await page.getByText('There is no such project').waitFor();
  clean(opened);
  await opened.close();
};

tests['a key is created, used and revoked'] = async ({ browser, keys, key, screenshots }) => {
  const opened = await open(browser, keys, '/settings?view=keys');
  const { page } = opened;
  await signIn(page, key);
  await page.getByText('A key gives access to this project only').waitFor();
  await page.getByRole('table').or(page.getByText('The project has no API keys')).first().waitFor();
  await accessible(opened);
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByLabel('Name').fill('<b>reader</b>');
  await page.getByRole('button', { name: /Expires/ }).click();
  await page.getByRole('option', { name: 'In 30 days' }).click();
  await accessible(opened);
  await page.getByRole('button', { name: 'Create the key' }).click();
  const secret = (await page.getByRole('figure', { name: 'secret' }).locator('pre').innerText()).trim();
  await accessible(opened);
  await page.getByRole('button', { name: 'Done' }).click();
  const row = page.getByRole('row', { name: /<b>reader<\/b>/ });
  if (screenshots) await page.screenshot({ path: join(screenshots, 'settings-keys.png') });
  assert.match(await row.innerText(), /valid\s+reader[\s\S]*never[\s\S]*in 4 w/);
  assert.ok(!(await page.content()).includes(secret), 'the secret is in the page after the dialog');

  const other = await open(browser, keys, '/settings?view=keys');
  await signIn(other.page, secret);
  await other.page.getByText('Only admins of the project see its API keys').waitFor();
  await accessible(other);
  await other.page.getByRole('button', { name: 'Project', exact: true }).click();
  await other.page.getByText('only admins can write one').waitFor();

  await page.getByRole('button', { name: 'Revoke <b>reader</b>' }).click();
  await accessible(opened);
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await row.getByText('revoked').waitFor();
  await page.getByRole('button', { name: 'Audit' }).click();
  await page.getByRole('row', { name: /key revoked.*<b>reader/ }).waitFor();
  clean(opened);
  await other.page.getByRole('link', { name: 'Artifacts' }).first().click();
  await until('the refusal', async () => (await other.page.getByText(/refused|no access|revoked/).count()) > 0);
  await other.close();
  await opened.close();
};
