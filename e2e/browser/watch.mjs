// Sees what a page must not do: ask another host, complain, break its policy, or open a dialog.

/** Listens to a page from before its first request. `seen` gets a line for each thing that went wrong. */
export async function watch(page, server) {
  const seen = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') seen.push(`console ${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => seen.push(`uncaught: ${error.message}`));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== server && !['data:', 'about:'].includes(url.protocol)) seen.push(`foreign request: ${url.href}`);
  });
  page.on('requestfailed', (request) => {
    // A page that is left gives up what it was loading.
    const reason = request.failure()?.errorText;
    if (reason !== 'net::ERR_ABORTED') seen.push(`failed: ${request.url()}: ${reason}`);
  });
  page.on('websocket', (socket) => seen.push(`socket: ${socket.url()}`));
  page.on('dialog', (dialog) => {
    seen.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('popup', (popup) => seen.push(`window: ${popup.url()}`));
  await page.exposeFunction('reportViolation', (text) => seen.push(`policy: ${text}`));
  await page.addInitScript(() =>
    document.addEventListener('securitypolicyviolation', (event) =>
      window.reportViolation(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`),
    ),
  );
  return seen;
}

/** Waits until `get` gives something true, and gives that. */
export async function until(what, get) {
  for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 25))) {
    const result = await get();
    if (result) return result;
  }
  throw new Error(`in vain: ${what}`);
}
