// Controls GraphiQL as a user does.

import assert from 'node:assert/strict';

import { until, watch } from './watch.mjs';

export class GraphiQL {
  /** Opens the page in a fresh profile and waits until the editors are there. */
  static async open(browser, server, { path = '/graphiql', onRequest, ...options } = {}) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    const self = new GraphiQL();
    self.server = server;
    self.page = await context.newPage();
    self.page.setDefaultTimeout(30_000);
    self.seen = await watch(self.page, new URL(server).origin);
    if (onRequest) self.page.on('request', onRequest);
    self.answer = await self.page.goto(server + path);
    await self.ready();
    return self;
  }

  async ready() {
    await this.page.locator('.graphiql-query-editor .view-line').first().waitFor();
    await this.page.locator('.result-window .monaco-editor').waitFor();
    await until('the introspection', () => this.page.locator('.graphiql-sidebar .graphiql-spinner, .graphiql-sidebar .rotate').count().then((n) => n === 0));
    await until('the response of the first tab', async () => !(await this.runsAtStart()) || (await this.result()).includes('"data"'));
  }

  /** Reports whether the page runs the active tab when it opens: the tab "Latest", unless a notice says what is missing. */
  async runsAtStart() {
    return (await this.title()) === 'Latest' && (await this.page.locator('.notice').count()) === 0;
  }

  /** Returns the title of the active tab. */
  async title() {
    return (await this.page.locator('.graphiql-tab-active .graphiql-tab-button').innerText()).trim();
  }

  /** Nothing went wrong so far. */
  clean() {
    assert.deepEqual(this.seen, []);
  }

  async close() {
    await this.page.context().close();
  }

  get execute() {
    return this.page.locator('.graphiql-execute-button');
  }

  /** Shows the tab at an index, and gives its title. */
  async show(index) {
    const button = this.page.locator(`#graphiql-session-tab-${index}`);
    await button.click();
    await this.page.locator(`.graphiql-tab-active #graphiql-session-tab-${index}`).waitFor();
    const title = await button.innerText();
    return title.trim();
  }

  /** The names that the menu of the run button has, or none where there is one operation only. */
  async operations() {
    if ((await this.execute.getAttribute('aria-haspopup')) !== 'menu') return [];
    await this.execute.click();
    const names = await this.page.getByRole('menuitem').allInnerTexts();
    await this.page.keyboard.press('Escape');
    await this.page.getByRole('menu').waitFor({ state: 'detached' });
    return names;
  }

  /** Runs the operation of this name, or the only one, and gives the answer that the server sent. */
  async run(name) {
    const answered = this.page.waitForResponse((response) => {
      const body = response.request().postData() ?? '';
      return response.url().endsWith('/graphql') && !body.includes('IntrospectionQuery') && !body.includes('query Examples');
    });
    if (name) {
      await until(`a menu with ${name}`, async () => (await this.execute.getAttribute('aria-haspopup')) === 'menu');
      await this.execute.click();
      await this.page.getByRole('menuitem', { name, exact: true }).click();
    } else {
      await until('a button without menu', async () => (await this.execute.getAttribute('aria-haspopup')) === null);
      await this.execute.click();
    }
    const response = await answered;
    const answer = await response.json();
    await until('the answer is shown', async () => (await this.result()).includes('"data"') || answer.errors);
    return answer;
  }

  /** What the result window shows of the answer. */
  async result() {
    const text = await this.page.locator('.result-window .view-lines').innerText();
    return text.replaceAll('\u00a0', ' ');
  }

  /** Opens Variables or Headers and replaces the text there. */
  async type(editor, text) {
    await this.page.locator(`.graphiql-editor-tools [data-name="${editor}"]`).click();
    const lines = this.page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden)');
    await lines.locator('.view-line').first().click();
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.insertText(text);
    // The editor closes brackets that are typed, and these are closed already.
    await this.page.keyboard.press('Control+Shift+End');
    await this.page.keyboard.press('Delete');
  }

  /** What the editor of Variables or Headers shows. */
  async text(editor) {
    await this.page.locator(`.graphiql-editor-tools [data-name="${editor}"]`).click();
    const text = await this.page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden) .view-lines').innerText();
    return text.replaceAll('\u00a0', ' ');
  }

  async openDocumentation() {
    await this.page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    await this.page.locator('.graphiql-doc-explorer').waitFor();
  }
}
