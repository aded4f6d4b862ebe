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
  await graphiql.show(7);
  await graphiql.show(8);
  assert.ok((await graphiql.run()).data.compareArtifactVersions);
  graphiql.clean();
  await graphiql.close();
};

// The title of each tab and its operations. The run button has a menu if there are several.
const tabs = [
  ['Latest', 'Latest'],
  ['Cards', 'Cards'],
  ['History', 'History'],
  ['Log by name', 'LogByName', 'LogByAlias', 'LogById'],
  ['Start a run', 'StartARun', 'StartTheSteps', 'LogToTheOutput', 'LogToOneOfTwoOutputs', 'ReadPendingMetadata', 'SaveAndFinish'],
  ['Log to step run', 'LogToStepRun', 'LogToPipelineRun'],
  ['Search', 'Search'],
  ['Facets', 'Facets'],
  ['Compare', 'Compare'],
  ['Lineage', 'Lineage'],
  ['What changed', 'WhatChanged'],
  ['The past', 'ThePast'],
];

/** Runs every operation of the tabs in order, from the tab at index `from`, and returns the data by operation. */
async function runEverything(graphiql, from = 0) {
  assert.equal((await graphiql.page.locator('.graphiql-tab').count()), from + tabs.length);
  const data = {};
  for (const [index, [title, ...names]] of tabs.entries()) {
    assert.equal(await graphiql.show(from + index), title);
    await until(`the operations of ${title}`, async () => (await graphiql.operations()).join() === (names.length > 1 ? names.join() : ''));
    for (const name of names) {
      const answer = await graphiql.run(names.length > 1 ? name : undefined);
      assert.equal(answer.errors, undefined, `${name}: ${JSON.stringify(answer.errors)}`);
      for (const [field, value] of Object.entries(answer.data)) assert.notEqual(value, null, `${name}: ${field} is null`);
      data[name] = answer.data;
      assert.equal(await graphiql.title(), title);
    }
  }
  return data;
}

tests['every operation of every tab'] = async () => {
  const graphiql = await GraphiQL.open(browser, demo);
  const data = await runEverything(graphiql);
  assert.ok(data.Latest.artifactVersion.metadata.length > 5);
  assert.ok(data.Cards.artifactVersion.cards.length > 2);
  assert.equal(data.History.artifactVersion.metadataHistory.totalCount, 2);
  assert.ok(data.Search.artifactVersions.totalCount > 0);
  assert.ok(data.Compare.compareArtifactVersions.rows.length > 0);
  assert.ok(data.Lineage.artifactVersion.upstream.links.length > 2);
  assert.ok(data.Facets.metadataValues.nodes.length > 2 && data.Facets.typeUsage.nodes.length > 2);
  const changes = data.WhatChanged.project.timeline.nodes.map(({ kind }) => kind);
  for (const kind of ['VERSION_CREATED', 'METADATA_LOGGED', 'PIPELINE_RUN_FINISHED']) assert.ok(changes.includes(kind), kind);
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
  assert.equal(data.LogToTheOutput.logMetadata.subject.__typename, 'StepOutput');
  assert.deepEqual(data.ReadPendingMetadata.pipelineRun.stepRuns.nodes.flatMap((step) => step.outputs.map((o) => [o.name, o.artifactVersion, o.metadataJson])), [
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
  assert.ok(read.data.artifactVersion.metadata.some((entry) => entry.key === 'note' && entry.display === '**checked by hand**'));

  // The history has what was run, and opens it again.
  await graphiql.page.getByRole('button', { name: 'Show History' }).click();
  await graphiql.page.locator('.graphiql-history-item-label', { hasText: 'LogByName' }).first().waitFor();
  assert.ok((await graphiql.page.locator('.graphiql-history-item').count()) >= tabs.length);

  // A second visit shows the same tabs.
  await graphiql.page.reload();
  await graphiql.ready();
  assert.deepEqual(await graphiql.page.locator('.graphiql-tab-button').allInnerTexts(), tabs.map(([title]) => title));
  assert.match(await graphiql.text('variables'), /penguins_model/);
  graphiql.clean();
  await graphiql.close();
};

tests['the first tab runs when the page opens'] = async () => {
  for (const [server, sent] of [[demo, ['Latest']], [keys, []], [trusted, []]]) {
    const requests = [];
    const onRequest = (request) => requests.push(JSON.parse(request.postData() ?? '{}').operationName);
    const graphiql = await GraphiQL.open(browser, server, { onRequest });
    if (server === demo) assert.match(await graphiql.result(), /"algorithm"/);
    // A query by the button is sent after the automatic one.
    await graphiql.show(1);
    await graphiql.run();
    assert.deepEqual(requests.filter((name) => name && name !== 'Examples' && name !== 'IntrospectionQuery'), [...sent, 'Cards']);
    graphiql.clean();
    await graphiql.close();
  }
};

tests['a response does not reach another tab'] = async () => {
  const graphiql = await GraphiQL.open(browser, demo);
  const { page } = graphiql;
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route('**/graphql', async (route) => {
    if (JSON.parse(route.request().postData()).operationName === 'Latest') await held;
    await route.continue();
  });
  const answered = page.waitForResponse((response) => response.request().postData()?.includes('query Latest'));
  await graphiql.execute.click();
  await graphiql.show(2);
  release();
  await (await answered).finished();
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  assert.equal((await graphiql.result()).trim(), '');
  assert.ok((await graphiql.run()).data.artifactVersion.metadataHistory);
  graphiql.clean();
  await graphiql.close();
};

tests['a link to a query'] = async () => {
  const hostile = '# </script><img src=x onerror="window.harmed = 1">\nquery AnyVersion { artifactVersions(first: 1) { totalCount } }';
  const link = (query, variables) => `/graphiql#${new URLSearchParams({ query, ...(variables && { variables }) })}`;
  const requests = [];
  const graphiql = await GraphiQL.open(browser, demo, { path: link(hostile, '{"a": "+&#"}'), onRequest: (request) => requests.push(request) });
  const { page } = graphiql;
  const shows = (title, count) => until(`${title} among ${count} tabs`, async () =>
    (await graphiql.title()) === title && (await page.locator('.graphiql-tab').count()) === count);
  await shows('Any version', tabs.length + 1);
  assert.match(await graphiql.text('variables'), /\{"a": "\+&#"\}/);
  assert.equal(page.url(), `${demo}/graphiql/`);
  // The query is shown as text and is not run, and the server does not see it.
  assert.match(await page.locator('.graphiql-query-editor .view-lines').innerText(), /onerror/);
  assert.equal((await graphiql.result()).trim(), '');
  assert.equal(await page.evaluate(() => window.harmed), undefined);
  assert.ok(!requests.some((request) => /harmed|AnyVersion|query=/.test(request.url() + (request.postData() ?? ''))));
  assert.ok((await graphiql.run()).data.artifactVersions.totalCount > 0);
  // A link in the open page adds a tab, and the same link shows the same tab.
  for (const [query, title, count] of [['{ serverInfo { version } }', 'Untitled', 2], ['mutation Harm { a: __typename }', 'Harm', 3], ['{ serverInfo { version } }', 'Untitled', 2 + 1]]) {
    await page.evaluate((hash) => void (location.hash = hash), new URL(link(query), demo).hash);
    await shows(title, tabs.length + count);
  }
  assert.ok(!requests.some((request) => request.postData()?.includes('Harm')));
  await until('the tabs are kept', async () => {
    const kept = await page.evaluate(() => JSON.parse(localStorage['placard:graphiql:tabState']));
    return kept.tabs.length === tabs.length + 3 && kept.activeTabIndex === tabs.length + 1;
  });
  await page.reload();
  await graphiql.ready();
  await shows('Untitled', tabs.length + 3);
  graphiql.clean();
  await graphiql.close();
};

tests['the keyboard'] = async () => {
  const graphiql = await GraphiQL.open(browser, demo);
  const { page } = graphiql;
  const link = page.getByRole('link', { name: 'Skip to the editor' });
  const isVisible = async () => (await link.boundingBox()).y >= 0;
  assert.ok(!(await isVisible()));
  await page.keyboard.press('Tab');
  assert.ok(await link.evaluate((element) => element === document.activeElement));
  assert.ok(await isVisible());
  assert.ok((await contrast(page, '.skip-link')) >= 4.5);
  await page.keyboard.press('Enter');
  assert.ok(await page.locator('.graphiql-query-editor .graphiql-editor').evaluate((element) => element === document.activeElement));
  assert.ok(!(await isVisible()));
  assert.equal(page.url(), `${demo}/graphiql/`);
  // Tab leaves the frame of the editor, and Enter starts editing.
  await page.keyboard.press('Enter');
  await page.keyboard.press('Control+Home');
  await page.keyboard.type('# typed');
  await until('the text', async () => (await page.locator('.graphiql-query-editor .view-line').first().innerText()).includes('typed'));
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
  const { target, root } = await ask(demo, `{
    target: __type(name: "MetadataTarget") { description }
    root: __type(name: "Query") { description fields { name description } }
  }`);
  const describes = ({ description }) => explorer.getByText(description.split('.')[0].replaceAll('\n', ' ')).first().waitFor();
  await describes(target);
  await explorer.getByRole('link', { name: 'Docs' }).or(explorer.locator('.graphiql-doc-explorer-back')).first().click();
  await explorer.getByText('Query', { exact: true }).first().click();
  await describes(root);
  await explorer.getByText('compareArtifactVersions', { exact: true }).click();
  await describes(root.fields.find(({ name }) => name === 'compareArtifactVersions'));
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
  const shown = Object.fromEntries(data.artifactVersion.metadata.map(({ key, display }) => [key, display]));
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

/** Checks the page in the window of a phone. */
async function phone() {
  const graphiql = await GraphiQL.open(browser, demo, { viewport: { width: 390, height: 844 } });
  const { page } = graphiql;
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  // No line is cut: the text of each line ends inside its editor.
  for (const index of tabs.keys()) {
    await graphiql.show(index);
    for (const editor of ['.graphiql-query-editor', '.graphiql-editor-tool']) {
      await until(`the lines of tab ${index} fit into ${editor}`, () =>
        page.locator(`${editor} .graphiql-editor:not(.hidden)`).evaluate((element) => {
          const { right } = element.getBoundingClientRect();
          const lines = [...element.querySelectorAll('.view-line > span')];
          return lines.length > 0 && lines.every((line) => line.getBoundingClientRect().right <= right);
        }));
    }
    assert.equal(await overflow(), 0);
  }
  // The documentation and the history cover the editors, and their button closes them.
  for (const name of ['Documentation Explorer', 'History']) {
    await page.getByRole('button', { name: `Show ${name}` }).click();
    await until(`${name} over the editors`, async () => {
      const panel = await page.locator('.graphiql-plugin').boundingBox();
      const sidebar = await page.locator('.graphiql-sidebar').boundingBox();
      return panel.x === sidebar.width && panel.x + panel.width === 390 && panel.height === 844;
    });
    assert.equal(await overflow(), 0);
    await page.getByRole('button', { name: `Hide ${name}` }).click();
    await page.locator('.graphiql-query-editor .view-line').first().click();
  }
  assert.ok((await graphiql.run()).data);
  graphiql.clean();
  await graphiql.close();
}

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
  await phone();
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
  const notice = page.getByText('This server requires an API key.');
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
  // The editor wraps the line, perhaps at a dash of the key.
  await until('the key in the new tab', async () => (await graphiql.text('headers')).replaceAll('\n', '').includes(key));

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
  const requests = [];
  const graphiql = await GraphiQL.open(browser, empty, { path: '/graphql', onRequest: (request) => requests.push(request.postData() ?? '') });
  const { page } = graphiql;
  const notice = page.locator('.notice', { hasText: 'This server has no artifacts yet.' });
  await notice.waitFor();
  assert.equal(await graphiql.title(), 'Create your first version');
  // A mutation does not run automatically.
  assert.ok(!requests.some((body) => body.includes('CreateYourFirstVersion')), requests.join());
  assert.equal((await graphiql.result()).trim(), '');
  await graphiql.show(4);
  assert.match(await graphiql.text('variables'), /"id": "ID of an artifact version"/);
  // The notice leads to the tab.
  await notice.getByRole('button', { name: 'Create your first version' }).click();
  await until('the first tab', async () => (await graphiql.title()) === 'Create your first version');
  assert.equal(await page.locator('.graphiql-tab').count(), tabs.length + 1);
  for (const version of ['1', '2']) {
    const { data } = await graphiql.run();
    assert.equal(data.createArtifactVersion.artifactVersion.version, version);
    assert.equal(data.createArtifactVersion.artifactVersion.metadata.length, 4);
    await notice.waitFor({ state: 'detached' });
  }
  // The other tabs read and change it. "Start a run" creates the runs that "Log to step run" needs.
  await graphiql.show(1);
  await until('the new artifact', async () => /demo_model/.test(await graphiql.text('variables')));
  await graphiql.show(5);
  for (const name of tabs[4].slice(1)) {
    const answer = await graphiql.run(name);
    assert.equal(answer.errors, undefined, `${name}: ${JSON.stringify(answer.errors)}`);
  }
  await page.reload();
  await graphiql.ready();
  const data = await runEverything(graphiql, 1);
  assert.equal(data.Search.artifactVersions.totalCount, 4);
  assert.equal(data.LogByName.logMetadata.subject.__typename, 'ArtifactVersion');
  graphiql.clean();
  await graphiql.close();
};

tests['behind a path'] = async () => {
  for (const path of ['/graphql', '/graphiql', '/graphiql/']) {
    const graphiql = await GraphiQL.open(browser, prefix, { path });
    assert.equal(graphiql.page.url(), `${prefix}/graphiql/`);
    assert.ok((await graphiql.run()).data.artifactVersion);
    graphiql.clean();
    await graphiql.close();
  }
};

tests['a server with trusted documents'] = async () => {
  const graphiql = await GraphiQL.open(browser, trusted);
  await graphiql.page.getByText('This server rejects most queries.').waitFor();
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
    await graphiql.show(2);
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
