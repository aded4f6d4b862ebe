// Controls the dashboard as a user does.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { until, watch } from '../watch.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The sizes of the screenshots. */
const sizes = [
  { width: 1440, height: 900 },
  { width: 1024, height: 768 },
  { width: 390, height: 844 },
];

/** Names and values that harm pages which do not treat them as text. */
export const naughty = ['<script>window.harmed = 1</script>', '"><img src=x onerror=window.harmed=1>', 'javascript:window.harmed=1', '\u202egnp.exe', '{{7*7}} ${7*7}', '..', 'a/b?c=d#e&f=%20', '𝕬 🐧 é', '99999999999999999999'];

/** Opens a page in a fresh profile. `seen` is a list of everything that went wrong. */
export async function open(browser, server, path = '/', options = {}) {
  const context = await browser.newContext({ viewport: sizes[0], ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const seen = await watch(page, new URL(server).origin);
  const response = await page.goto(server + path);
  await page.locator('main').waitFor();
  return { page, seen, response, close: () => context.close() };
}

/** Checks that nothing went wrong: no error in the console, no violation of the policy, no foreign request. */
export function clean({ seen }) {
  assert.deepEqual(seen, []);
}

/**
 * Checks the page with axe. The devtools protocol evaluates its source, to which the policy of the page does not apply.
 * An open popover is in no landmark of the page, so `popover` leaves out the rule for that.
 */
export async function accessible({ page }, { popover = false } = {}) {
  await page.evaluate(axe);
  const violations = await page.evaluate(async (landmarks) => {
    const result = await window.axe.run(document, { rules: { region: { enabled: landmarks } } });
    return result.violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html).join(' ')}`);
  }, !popover);
  assert.deepEqual(violations, []);
}

/** Takes pictures of a page in all sizes and both themes, and checks that the page does not scroll sideways. */
export async function pictures(browser, { demo, screenshots }, name, path, ready) {
  for (const viewport of sizes) {
    const opened = await open(browser, demo, path, { viewport });
    const { page } = opened;
    await ready(page);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${name} is ${overflow} pixels wider than a window of ${viewport.width}`);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await until('the end of the transition', () => page.evaluate(() => document.getAnimations().length === 0));
      await accessible(opened);
      if (screenshots) await page.screenshot({ path: join(screenshots, `${name}-${viewport.width}-${colorScheme}.png`) });
    }
    clean(opened);
    await opened.close();
  }
}

/** Sends a request to a server without the page. */
export async function ask(server, query, variables, key) {
  const response = await fetch(`${server}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key ? { authorization: `Bearer ${key}` } : {}) },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json();
  assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
  return answer.data;
}

export { until };
