// Prints the sizes of the dashboard as browsers load it, and fails if its first page is larger than the limit.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const limit = 260_000; // bytes of gzip
const assets = new URL('../dist/dashboard/assets/', import.meta.url);
const sizeOf = (name) => statSync(new URL(name, assets)).size;
const textOf = (url) => gunzipSync(readFileSync(url)).toString();

/** Returns the scripts and the style sheets that a file loads before it runs. */
function importsOf(text) {
  const names = [...text.matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g), ...text.matchAll(/\.\/assets\/([\w.-]+)"/g)];
  return names.map(([, name]) => `${name}.gz`).filter((name) => /\.(js|css)\.gz$/.test(name));
}

const first = new Set();
const queue = importsOf(textOf(new URL('../index.html.gz', assets)));
for (let name = queue.pop(); name; name = queue.pop()) {
  if (first.has(name)) continue;
  first.add(name);
  if (name.endsWith('.js.gz')) queue.push(...importsOf(textOf(new URL(name, assets))));
}
for (const name of readdirSync(assets)) if (name.endsWith('.woff2')) first.add(name);

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1).padStart(7)} kB`;
const total = [...first].reduce((sum, name) => sum + sizeOf(name), 0);
console.log('the dashboard, gzip:');
for (const name of readdirSync(assets).sort((a, b) => sizeOf(b) - sizeOf(a))) {
  console.log(`${kilobytes(sizeOf(name))}  ${first.has(name) ? 'first page' : 'on demand '}  ${name}`);
}
console.log(`${kilobytes(total)}  the first page; the limit is ${limit / 1000} kB`);
if (total > limit) process.exit(1);
