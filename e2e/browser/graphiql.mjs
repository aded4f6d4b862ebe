// Opens GraphiQL of running servers in a browser, as a person would, and says what went wrong.
//
//   BROWSER=/path/to/chromium node graphiql.mjs '{"demo": URL, "empty": URL, "keys": URL, "key": SECRET, "prefix": URL, …}'
//
// demo has the data of examples/penguins; empty has nothing; keys asks for the key and has the demo's data; prefix is demo
// behind a proxy that adds a path; trusted executes the documents of a list only. With "screenshot" a picture of demo goes
// to that file.

import assert from 'node:assert/strict';

import { chromium } from 'playwright-core';

import { GraphiQL } from './page.mjs';
import { until } from './watch.mjs';

const { demo, empty, keys, key, prefix, trusted, screenshot } = JSON.parse(process.argv[2]);

const browser = await chromium.launch({
  executablePath: process.env.BROWSER,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--disable-background-networking',
    // Whatever has another name than this machine cannot be reached, and is seen as failed.
    '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
  ],
});

/** Asks a server without the page. */
async function ask(server, query, variables, headers) {
  const response = await fetch(`${server}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json();
  assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
  return answer.data;
}

const tests = {};

// The tests below trust their ears: first, that these hear.
tests['what goes wrong is heard'] = async () => {
  const graphiql = await GraphiQL.open(browser, demo);
  graphiql.clean();
  const { page, seen } = graphiql;
  const hears = (part) => until(`hearing of ${part}`, () => seen.some((line) => line.includes(part)));
  await page.evaluate(() => console.error('a complaint'));
  await hears('console error: a complaint');
  await page.evaluate(() => void setTimeout(() => { throw new Error('thrown'); }));
  await hears('uncaught: thrown');
  await page.evaluate(() => void fetch('http://foreign.example/').catch(() => {}));
  await hears('policy: connect-src http://foreign.example/');
  await page.evaluate(() => void (new Image().src = 'http://foreign.example/dot.png'));
  await hears('policy: img-src http://foreign.example/dot.png');
  await page.evaluate(() => void setTimeout(() => { try { window.eval('1'); } catch { /* as it should be */ } }));
  await hears('policy: require-trusted-types-for trusted-types-sink eval');
  await page.evaluate(() => { try { new Worker(URL.createObjectURL(new Blob(['1']))); } catch { /* no script of the server */ } });
  await hears('policy: require-trusted-types-for trusted-types-sink Worker');
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = window.trustedTypes.createPolicy('a bypass', { createScript: (text) => text }).createScript('window.harmed = 1');
    document.body.append(script);
  });
  await hears('policy: script-src-elem inline');
  assert.equal(await page.evaluate(() => window.harmed), undefined);
  await page.evaluate(() => void window.alert('a dialog'));
  await hears('dialog: a dialog');
  await page.goto('about:blank'); // where no policy holds requests back
  await page.evaluate(() => void fetch('http://foreign.example/free', { mode: 'no-cors' }).catch(() => {}));
  await hears('foreign request: http://foreign.example/free');
  await hears('failed: http://foreign.example/free: net::ERR_NAME_NOT_RESOLVED');
  await graphiql.close();
};

tests['the page'] = async () => {
  const graphiql = await GraphiQL.open(browser, demo);
  const { page } = graphiql;
  const policy = graphiql.answer.headers()['content-security-policy'];
  assert.match(policy, /^default-src 'none'; script-src 'self'; worker-src 'self'; /);
  assert.doesNotMatch(policy, /unsafe-eval|http|\*|blob:/);
  assert.equal(await page.title(), 'Placard · GraphiQL');
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  const harmless = await page.evaluate(() => {
    const element = document.createElement('div');
    element.innerHTML = '<b>bold</b><a href="javascript:1">x</a><iframe></iframe><form></form>';
    return element.innerHTML;
  });
  assert.equal(harmless, '<b>bold</b><a>x</a><form></form>');
  const unnamed = await page.$$eval('button', (buttons) =>
    buttons.filter((b) => b.offsetParent && !b.innerText.trim() && !b.ariaLabel && !b.title).map((b) => b.outerHTML),
  );
  assert.deepEqual(unnamed, [], 'buttons without a name');
  const icon = await page.locator('link[rel=icon]').getAttribute('href');
  assert.equal((await page.request.get(new URL(icon, page.url()).href)).status(), 200);
  const drawn = await page.evaluate(() => [...document.fonts].filter((f) => f.status === 'loaded').map((f) => f.family.replaceAll('"', '')));
  assert.ok(drawn.includes('Fira Code') && drawn.includes('Roboto') , `fonts: ${drawn}`);
  // Who runs a tab at once runs what it shows, and not what the tab before has shown.
  await graphiql.show(6);
  await graphiql.show(7);
  assert.ok((await graphiql.run()).data.compareArtifactVersions);
  graphiql.clean();
  await graphiql.close();
};

// Each tab and the operations of its menu; a tab with one operation has no menu.
const tabs = [
  ['Latest'],
  ['Cards'],
  ['History'],
  ['LogByName', 'LogByAlias', 'LogById'],
  ['Step1_StartRun', 'Step2_StartSteps', 'Step3_LogToTheOutput', 'Step4_LogToOneOfTwo', 'Step5_ReadWhatWaits', 'Step6_SaveAndFinish'],
  ['LogToStepRun', 'LogToPipelineRun'],
  ['FindAndSort'],
  ['Compare'],
  ['Lineage'],
  ['ThePast'],
];

/** Runs every operation of every tab in order, and gives the data by operation. */
async function runEverything(graphiql) {
  assert.equal((await graphiql.page.locator('.graphiql-tab').count()), tabs.length);
  const data = {};
  for (const [index, names] of tabs.entries()) {
    assert.equal(await graphiql.show(index), names[0]);
    await until(`the operations of ${names[0]}`, async () => (await graphiql.operations()).join() === (names.length > 1 ? names.join() : ''));
    for (const name of names) {
      const answer = await graphiql.run(names.length > 1 ? name : undefined);
      assert.equal(answer.errors, undefined, `${name}: ${JSON.stringify(answer.errors)}`);
      for (const [field, value] of Object.entries(answer.data)) assert.notEqual(value, null, `${name}: ${field} is null`);
      data[name] = answer.data;
    }
  }
  return data;
}

tests['every operation of every tab'] = async () => {
  const graphiql = await GraphiQL.open(browser, demo);
  const data = await runEverything(graphiql);
  assert.ok(data.Latest.artifactVersion.metadata.length > 5);
  assert.ok(data.Cards.artifactVersion.cards.length > 2);
  assert.ok(data.History.artifactVersion.metadataHistory.totalCount > 0);
  assert.ok(data.FindAndSort.artifactVersions.totalCount > 0);
  assert.ok(data.Compare.compareArtifactVersions.rows.length > 0);
  assert.ok(data.Lineage.artifactVersion.upstream.edges.length > 2);
  const { then, now } = data.ThePast;
  assert.ok(!then.metadataJson.metrics && now.metadataJson.metrics && now.metadataJson.note);

  // Each selector has found what it names.
  const known = await ask(demo, `{
    latest: artifactVersion(ref: {named: {name: "penguins_model", alias: "latest"}}) {
      id metadataJson producer { stepRun { id metadataJson pipelineRun { id metadataJson } } } }
    best: artifactVersion(ref: {named: {name: "penguins_model", alias: "best"}}) { id metadataJson }
    saved: artifactVersion(ref: {named: {name: "demo_model"}}) { metadataJson producer { stepRun { id status outputs { id } pipelineRun { status } } } }
  }`);
  const subject = (name) => data[name].logMetadata.subject.id;
  assert.equal(subject('LogByName'), known.latest.id);
  assert.equal(subject('LogById'), known.latest.id);
  assert.equal(subject('LogByAlias'), known.best.id);
  assert.equal(subject('LogToStepRun'), known.latest.producer.stepRun.id);
  assert.equal(subject('LogToPipelineRun'), known.latest.producer.stepRun.pipelineRun.id);
  assert.equal(known.latest.metadataJson.archive_size, 1500000);
  assert.deepEqual(known.latest.metadataJson.review, { approved: true, score: 0.9, took: 90, labels: ['a', 'b'] });
  assert.equal(known.best.metadataJson.review.approved, true);
  assert.equal(known.latest.producer.stepRun.metadataJson.commit, '4f2c1d9');
  assert.equal(known.latest.producer.stepRun.pipelineRun.metadataJson.cost.gpu_hours, 1.5);
  assert.equal(data.Step3_LogToTheOutput.logMetadata.subject.__typename, 'StepOutput');
  assert.deepEqual(data.Step5_ReadWhatWaits.pipelineRun.steps.flatMap((step) => step.outputs.map((o) => [o.name, o.artifactVersion, o.metadataJson])), [
    ['model', null, { framework: 'scikit-learn', metrics: { accuracy: 0.97, epochs: 12 } }],
    ['report', null, { pages: 3 }],
    ['plots', null, {}],
  ]);
  assert.equal(known.saved.metadataJson.framework, 'scikit-learn');
  assert.equal(known.saved.producer.stepRun.status, 'COMPLETED');
  assert.equal(known.saved.producer.stepRun.pipelineRun.status, 'COMPLETED');

  // What was logged in one tab is read in another.
  await graphiql.show(0);
  const read = await graphiql.run();
  assert.ok(read.data.artifactVersion.metadata.some((entry) => entry.key === 'note' && entry.value.display === '**checked by hand**'));

  // The history has what was run, and opens it again.
  await graphiql.page.getByRole('button', { name: 'Show History' }).click();
  await graphiql.page.locator('.graphiql-history-item-label', { hasText: 'LogByName' }).first().waitFor();
  assert.ok((await graphiql.page.locator('.graphiql-history-item').count()) >= tabs.length);

  // A second visit shows the tabs as they were left.
  await graphiql.page.reload();
  await graphiql.ready();
  assert.equal((await graphiql.page.locator('.graphiql-tab').count()), tabs.length);
  assert.match(await graphiql.text('variables'), /penguins_model/);
  graphiql.clean();
  await graphiql.close();
};

tests['the first tabs come back'] = async () => {
  const graphiql = await GraphiQL.open(browser, demo);
  const { page } = graphiql;
  const many = (n) => until(`${n} tabs`, async () => (await page.locator('.graphiql-tab').count()) === n);
  await page.locator('.graphiql-tab-active .graphiql-tab-close').click();
  await until('the tabs are kept', async () => (await page.evaluate(() => JSON.parse(localStorage['placard:graphiql:tabState']).tabs.length)) === tabs.length - 1);
  await page.reload();
  await graphiql.ready();
  await many(tabs.length - 1);
  // GraphiQL saves its tabs a moment after a change, which may be after they were cleared: then they are cleared again.
  await until(`${tabs.length} tabs`, async () => {
    await page.getByRole('button', { name: 'Open settings dialog' }).click();
    await page.getByRole('button', { name: 'Clear data' }).click();
    await page.getByRole('button', { name: 'Cleared data' }).waitFor();
    await page.reload();
    await graphiql.ready();
    return (await page.locator('.graphiql-tab').count()) === tabs.length;
  });
  graphiql.clean();
  await graphiql.close();
};

tests['the documentation'] = async () => {
  const graphiql = await GraphiQL.open(browser, demo);
  const { page } = graphiql;
  await graphiql.openDocumentation();
  const explorer = page.locator('.graphiql-doc-explorer');
  await explorer.getByRole('combobox').fill('MetadataTarget');
  await page.getByRole('option', { name: 'MetadataTarget', exact: true }).first().click();
  await explorer.getByText('Who the metadata is for: exactly one of these.').waitFor();
  await explorer.getByRole('link', { name: 'Docs' }).or(explorer.locator('.graphiql-doc-explorer-back')).first().click();
  await explorer.getByText('Query', { exact: true }).first().click();
  await explorer.getByText('The root of all reads.').waitFor();
  await explorer.getByText('compareArtifactVersions', { exact: true }).click();
  await explorer.getByText('What several versions have in common and in what they differ.').first().waitFor();
  graphiql.clean();
  await graphiql.close();
};

tests['values that should do harm'] = async () => {
  const values = {
    markdown: { $markdown: '<script>window.harmed = 1</script><img src=x onerror="window.harmed = 1">[x](javascript:window.harmed=1)' },
    link: { $uri: 'javascript:window.harmed=1' },
    picture: '/graphiql/"><img src=x onerror=window.harmed=1>.png',
    turned: 'a\u202e\u2066gnp.exe',
    '</script><script>window.harmed = 1</script>': '${window.harmed = 1}',
  };
  await ask(demo, 'mutation($m: JSONObject) { createArtifactVersion(input: {artifact: "hostile", metadata: $m}) { deduplicated } }', { m: values });
  // High enough to show the whole answer.
  const graphiql = await GraphiQL.open(browser, demo, { viewport: { width: 1440, height: 1800 } });
  const { page } = graphiql;
  await graphiql.type('variables', '{"ref": {"named": {"name": "hostile"}}}');
  const { data } = await graphiql.run();
  const shown = Object.fromEntries(data.artifactVersion.metadata.map(({ key, value }) => [key, value.display]));
  assert.equal(shown.link, values.link.$uri);
  await until('the values as text', async () => (await graphiql.result()).includes('<script>window.harmed = 1</script>'));
  for (const text of ['onerror=', 'javascript:window.harmed=1', '${window.harmed = 1}']) assert.ok((await graphiql.result()).includes(text), text);
  // What turns the direction of text around is shown by its name.
  assert.match(await graphiql.result(), /U\+202E/);
  // A pointer over a value that looks like a picture asks for a preview.
  await page.locator('.result-window .view-line', { hasText: '/graphiql/' }).first().hover();
  assert.equal(await page.evaluate(() => window.harmed), undefined);
  assert.equal(await page.locator('.result-window :is(script, a, img[src="x"])').count(), 0);
  graphiql.clean();
  await graphiql.close();
};

/** The contrast of an element's text with what lies behind it, as WCAG works it out. */
const contrast = (page, selector) =>
  page.locator(selector).first().evaluate((element) => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const behind = [];
    for (let e = element; e; e = e.parentElement) behind.unshift(getComputedStyle(e).backgroundColor);
    const luminance = (colors) => {
      for (const color of ['#fff', ...colors]) {
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
      }
      const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const [dark, light] = [luminance(behind), luminance([...behind, getComputedStyle(element).color])].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  });

async function legible(graphiql) {
  for (const selector of ['.graphiql-logo', '.graphiql-tab-button', '.graphiql-tab-active .graphiql-tab-button', '.graphiql-editor-tools button', '.notice', '.notice button']) {
    if ((await graphiql.page.locator(selector).count()) === 0) continue;
    const ratio = await contrast(graphiql.page, selector);
    assert.ok(ratio >= 4.5, `${selector} has a contrast of ${ratio.toFixed(2)}`);
  }
}

tests['dark and light'] = async () => {
  const background = (page) => page.locator('.graphiql-container').evaluate((e) => getComputedStyle(e).backgroundColor);
  const dark = 'rgb(33, 42, 59)';
  const light = 'rgb(255, 255, 255)';
  for (const [colorScheme, color] of [['light', light], ['dark', dark]]) {
    const graphiql = await GraphiQL.open(browser, keys, { colorScheme });
    assert.equal(await background(graphiql.page), color);
    await legible(graphiql);
    // The settings say otherwise, and are remembered.
    const [name, other] = colorScheme === 'light' ? ['Dark', dark] : ['Light', light];
    await graphiql.page.getByRole('button', { name: 'Open settings dialog' }).click();
    await graphiql.page.getByRole('dialog').getByRole('button', { name, exact: true }).click();
    await graphiql.page.keyboard.press('Escape');
    await graphiql.page.reload();
    await graphiql.ready();
    assert.equal(await background(graphiql.page), other);
    await legible(graphiql);
    graphiql.clean();
    await graphiql.close();
  }
};

tests['a small window'] = async () => {
  const graphiql = await GraphiQL.open(browser, demo, { viewport: { width: 480, height: 640 } });
  const answer = await graphiql.run();
  assert.ok(answer.data.artifactVersion);
  assert.ok(await graphiql.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'the page is wider than the window');
  const editors = await graphiql.page.locator('.graphiql-editors').boundingBox();
  const response = await graphiql.page.locator('.graphiql-response').boundingBox();
  assert.ok(response.y >= editors.y + editors.height && response.height > 150 && response.width > 350, JSON.stringify(response));
  graphiql.clean();
  await graphiql.close();
  const usual = await GraphiQL.open(browser, demo, { viewport: { width: 1024, height: 768 } });
  for (const [index, [title]] of tabs.entries()) {
    const box = await usual.page.locator(`#graphiql-session-tab-${index}`).boundingBox();
    const logo = await usual.page.locator('.graphiql-logo').boundingBox();
    assert.ok(box.x + box.width <= logo.x, `${title} is out of sight`);
  }
  await usual.close();
};

/** All that the browser keeps for the page, as text. */
const kept = async (page) =>
  JSON.stringify([
    await page.context().storageState({ indexedDB: true }),
    await page.evaluate(async () => [
      { ...localStorage },
      { ...sessionStorage },
      document.cookie,
      await indexedDB.databases(),
      await caches.keys(),
      history.state,
      location.href,
      window.name,
    ]),
  ]);

tests['an API key'] = async () => {
  const graphiql = await GraphiQL.open(browser, keys);
  const { page } = graphiql;
  // Without a key the page says what to do, and where.
  const notice = page.getByText('This server asks for an API key.');
  await notice.waitFor();
  assert.match(await graphiql.text('headers'), /"Authorization": "Bearer plc_…"/);
  const refused = await graphiql.run();
  assert.equal(refused.errors[0].extensions.code, 'UNAUTHENTICATED');
  const headers = (secret) => JSON.stringify({ Authorization: `Bearer ${secret}` });
  await graphiql.type('headers', headers(`plc_${'x'.repeat(43)}`));
  assert.equal((await graphiql.run()).errors[0].extensions.code, 'UNAUTHENTICATED');
  await notice.waitFor();

  // With the key come the documentation, the examples, and answers in every tab.
  await graphiql.type('headers', headers(key));
  await notice.waitFor({ state: 'detached' });
  await until('the examples', async () => /penguins_model/.test(await graphiql.text('variables')));
  await graphiql.openDocumentation();
  await page.locator('.graphiql-doc-explorer').getByText('Query', { exact: true }).first().waitFor();
  await page.getByRole('button', { name: 'Hide Documentation Explorer' }).click();
  const data = await runEverything(graphiql);
  assert.ok(data.Latest.artifactVersion.metadata.length > 5);
  await page.getByRole('button', { name: 'New tab' }).click();
  assert.ok((await graphiql.text('headers')).includes(key));

  // The browser keeps what was run, and not the key.
  await until('the history is kept', async () => (await kept(page)).includes('LogByName'));
  await until('the new tab is kept', async () => JSON.parse(await page.evaluate(() => localStorage['placard:graphiql:tabState'])).tabs.length === tabs.length + 1);
  const secret = key.slice(4);
  assert.ok(!(await kept(page)).includes(secret), 'the key is kept');
  await page.evaluate((text) => localStorage.setItem('control', text), secret);
  assert.ok((await kept(page)).includes(secret), 'a key that is kept would not be found');
  await page.evaluate(() => localStorage.removeItem('control'));
  await page.reload();
  await graphiql.ready();
  await notice.waitFor();
  assert.match(await graphiql.text('headers'), /plc_…/);
  assert.ok(!(await kept(page)).includes(secret), 'the key is kept after the page was loaded again');
  graphiql.clean();
  await graphiql.close();
};

tests['a server without data'] = async () => {
  const graphiql = await GraphiQL.open(browser, empty);
  assert.equal(await graphiql.page.locator('.notice').count(), 0);
  assert.deepEqual((await graphiql.run()).data, { artifactVersion: null });
  await graphiql.show(3);
  assert.match(await graphiql.text('variables'), /"id": "ID of an artifact version"/);
  await graphiql.show(4);
  for (const name of tabs[4]) {
    const answer = await graphiql.run(name);
    assert.equal(answer.errors, undefined, `${name}: ${JSON.stringify(answer.errors)}`);
  }
  // Now there is something to read, and still nothing that a click may write to.
  await graphiql.page.reload();
  await graphiql.ready();
  await graphiql.show(0);
  await until('the new artifact', async () => /demo_model/.test(await graphiql.text('variables')));
  assert.ok((await graphiql.run()).data.artifactVersion.metadata.length > 0);
  await graphiql.show(3);
  assert.match(await graphiql.text('variables'), /"id": "ID of an artifact version"/);
  graphiql.clean();
  await graphiql.close();
};

tests['behind a path'] = async () => {
  for (const path of ['/', '/graphiql', '/graphiql/']) {
    const graphiql = await GraphiQL.open(browser, prefix, { path });
    assert.equal(graphiql.page.url(), `${prefix}/graphiql/`);
    assert.ok((await graphiql.run()).data.artifactVersion);
    graphiql.clean();
    await graphiql.close();
  }
};

tests['a server with trusted documents'] = async () => {
  const graphiql = await GraphiQL.open(browser, trusted);
  await graphiql.page.getByText('This server does not answer everything.').waitFor();
  assert.equal((await graphiql.run()).errors[0].extensions.code, 'FORBIDDEN');
  graphiql.clean();
  await graphiql.close();
};

tests['without JavaScript'] = async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${demo}/graphiql/`);
  await page.locator('noscript p', { hasText: 'GraphiQL needs JavaScript.' }).waitFor();
  assert.ok(!(await page.locator('#graphiql').isVisible()));
  await context.close();
};

let failures = 0;
try {
  if (screenshot) {
    const graphiql = await GraphiQL.open(browser, demo, { viewport: { width: 1280, height: 800 } });
    await graphiql.show(1);
    await graphiql.run();
    await graphiql.page.mouse.move(0, 0);
    await graphiql.page.addStyleTag({ content: '.monaco-scrollable-element > .scrollbar { display: none !important }' });
    await graphiql.page.screenshot({ path: screenshot, caret: 'hide' });
    await graphiql.close();
  }
  for (const [name, test] of Object.entries(tests)) {
    if (process.env.ONLY && !name.includes(process.env.ONLY)) continue;
    const began = Date.now();
    try {
      await test();
      console.log(`ok    ${name} (${Date.now() - began} ms)`);
    } catch (error) {
      failures++;
      console.log(`FAIL  ${name}: ${error.stack}`);
    }
  }
} finally {
  await browser.close();
}
process.exit(failures > 0 ? 1 : 0);
