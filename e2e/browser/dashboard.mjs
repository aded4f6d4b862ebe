// Opens the dashboard of running servers in a browser, as a person would, and reports what went wrong.
//
//   BROWSER=/path/to/chromium node dashboard.mjs '{"demo": URL, "empty": URL, "keys": URL, "key": SECRET, …}' [part of a test's name]
//
// demo has the data of examples/penguins; empty has no data; keys requires the key and has the data of demo; prefix is demo
// behind a proxy that adds a path; trusted executes listed documents only. Without "pictures", the tests with that word in
// their names are left out. With "screenshots", pictures go to that folder.
// Each file of dashboard/ exports tests of one page: an object of functions by their names.

import { chromium } from 'playwright-core';

import * as activity from './dashboard/activity.mjs';
import * as artifact from './dashboard/artifact.mjs';
import * as artifacts from './dashboard/artifacts.mjs';
import * as compare from './dashboard/compare.mjs';
import * as lineage from './dashboard/lineage.mjs';
import * as runs from './dashboard/runs.mjs';
import * as settings from './dashboard/settings.mjs';
import * as shell from './dashboard/shell.mjs';
import * as version from './dashboard/version.mjs';

const servers = JSON.parse(process.argv[2]);
const wanted = process.argv[3] ?? '';

const browser = await chromium.launch({
  executablePath: process.env.BROWSER,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    // A host other than this machine cannot be reached, and the test sees the request fail.
    '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
  ],
});

let failed = 0;
for (const [page, tests] of Object.entries({ shell, artifacts, artifact, version, compare, runs, lineage, activity, settings })) {
  for (const [name, test] of Object.entries(tests.tests)) {
    const title = `${page}: ${name}`;
    if (!title.includes(wanted) || (!servers.pictures && name.includes('pictures'))) continue;
    const start = Date.now();
    try {
      await test({ browser, ...servers });
      console.log(`ok ${title} (${Date.now() - start} ms)`);
    } catch (error) {
      failed++;
      console.log(`FAILED ${title}: ${error.stack}`);
    }
  }
}
await browser.close();
process.exit(failed > 0 ? 1 : 0);
