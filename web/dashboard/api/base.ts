// The path of the dashboard. The server writes it into index.html, so that it also works behind a proxy that adds a path.

const written = document.querySelector<HTMLMetaElement>('meta[name="placard-base"]')!.content;

/** The path of the dashboard, with a slash at its end. */
export const basePath = new URL(written, document.baseURI).pathname;
