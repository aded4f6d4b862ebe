// Measures the dashboard with a large artifact: the time of each action, and its long tasks, which are those that keep the
// page from responding for more than 50 ms. `go run ./bench dashboard` fills the server and runs it. Nothing is asserted.
//
//   BROWSER=/path/to/chromium node measure.mjs URL ARTIFACT VERSION
//
// VERSION is the name of the last of at least 20 versions, which are named by their numbers.

import { chromium } from 'playwright-core';

import { until } from './watch.mjs';

const [server, artifact, version] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.BROWSER, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
page.setDefaultTimeout(120_000);
await page.addInitScript(() => {
  window.longTasks = [];
  new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask', buffered: true });
});

const addressOf = (path, parameters) => `${server}${path}?${new URLSearchParams(parameters)}`;
const rows = () => page.getByRole('row').count();
const idle = () => page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestIdleCallback(resolve))));
const results = [];

/** Measures an action. It ends when the page has shown its result and is idle. */
async function measure(name, act) {
  await page.evaluate(() => (window.longTasks = [])).catch(() => {}); // the first page is not open yet
  const start = performance.now();
  await act();
  await idle();
  const milliseconds = performance.now() - start;
  const tasks = await page.evaluate(() => window.longTasks);
  results.push({
    action: name,
    milliseconds: Math.round(milliseconds),
    'long tasks': tasks.length,
    'longest, ms': Math.round(Math.max(0, ...tasks)),
    'all, ms': Math.round(tasks.reduce((sum, duration) => sum + duration, 0)),
    'rows in the page': await rows(),
  });
}

const table = page.getByRole('table', { name: 'Versions' });

await measure('open the versions', async () => {
  await page.goto(addressOf('/artifact', { name: artifact }));
  await table.getByRole('row').nth(10).waitFor();
});
await measure('scroll by 1,000 versions', async () => {
  const wanted = Math.max(Number(version) - 1000, 1);
  // The list loads on at its end.
  await page.waitForFunction((number) => {
    const list = document.querySelector('table');
    list.parentElement.scrollBy(0, 1e6);
    return [...list.querySelectorAll('tbody th')].some((head) => Number.parseInt(head.innerText) <= number);
  }, wanted);
});
await measure('sort by a fact', async () => {
  await page.getByRole('columnheader').nth(2).getByRole('button').click();
  await page.waitForURL(/sort=fact/);
  await until('the sorted rows', () => table.evaluate((element) => element.parentElement.closest('[aria-busy]').getAttribute('aria-busy') === 'false'));
});
await measure('offer the keys as columns', async () => {
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('dialog').getByRole('checkbox').nth(20).waitFor({ state: 'attached' });
});
await page.keyboard.press('Escape');
await measure('plots', async () => {
  await page.getByRole('link', { name: 'Plot', exact: true }).click();
  await page.locator('canvas').nth(3).waitFor();
});
await measure('zoom of four plots', async () => {
  await page.getByRole('img', { name: /over .* versions/ }).first().focus();
  for (let i = 0; i < 5; i++) await page.keyboard.press('+');
  await page.getByRole('button', { name: /Show all versions/ }).waitFor();
});
await measure('catalogue of keys', async () => {
  await page.getByRole('link', { name: 'Keys', exact: true }).click();
  await page.getByRole('row').nth(10).waitFor();
});
await measure('open a version', async () => {
  await page.goto(addressOf('/version', { name: artifact, version }));
  await page.getByRole('button', { name: 'Copy selector' }).waitFor();
});
const compared = Array.from({ length: 20 }, (_, i) => ['versions', `${artifact}/${Number(version) - i}`]);
await measure('compare 20 versions', async () => {
  await page.goto(addressOf('/compare', compared));
  await page.getByRole('table', { name: 'Comparison' }).getByRole('row').nth(5).waitFor();
});
await measure('parallel coordinates', async () => {
  await page.getByRole('button', { name: 'Parallel coordinates' }).click();
  await page.getByRole('img', { name: /Lines of 20 versions/ }).waitFor();
});
await browser.close();
console.table(results);
