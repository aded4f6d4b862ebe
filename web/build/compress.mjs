// Replaces every built file that shrinks by its gzip, because only that is embedded in the program. A rebuild gives
// the same bytes: the header holds no time (zlib writes zero), and the system is set to "unknown".
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url);
let before = 0;
let after = 0;

for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || /\.(gz|woff2?|png|jpg)$/.test(entry.name)) continue;
  const path = `${entry.parentPath}/${entry.name}`;
  const raw = readFileSync(path);
  const packed = gzipSync(raw, { level: 9 });
  packed.fill(0, 4, 8);
  packed[9] = 255;
  writeFileSync(`${path}.gz`, packed);
  rmSync(path);
  before += raw.length;
  after += packed.length;
}

console.log(`compressed ${(before / 1e6).toFixed(2)} MB to ${(after / 1e6).toFixed(2)} MB`);
