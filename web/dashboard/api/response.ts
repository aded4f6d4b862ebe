// Reads responses of the API. The scalars JSON and JSONObject become their source text, because JavaScript reads 1.0 as
// 1 and rounds integers above 2^53. values/extended.ts reads these texts.

const jsonFields = new Set(['json', 'extendedJson', 'metadataJson', 'metadataExtendedJson'].map((name) => `"${name}"`));
const token = /"(?:[^"\\]|\\.)*"|[{}[\]]|[^\s"{}[\]]+/g;

/** Parses a response. The fields with JSON hold its source text, or null. */
export function parseResponse(text: string): unknown {
  let parsed = '';
  let copied = 0;
  let previous = '';
  token.lastIndex = 0;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    if (match[0].startsWith(':') && jsonFields.has(previous)) {
      const start = match.index + 1;
      const end = endOfValue(text, start);
      const value = text.slice(start, end).trim();
      parsed += text.slice(copied, start) + (value === 'null' ? value : JSON.stringify(value));
      copied = token.lastIndex = end;
    }
    previous = match[0];
  }
  return JSON.parse(parsed + text.slice(copied));
}

/** Returns the end of the JSON value that begins at a position. */
function endOfValue(text: string, start: number): number {
  const scan = /"(?:[^"\\]|\\.)*"|[{}[\]]|[^\s"{}[\],]+|,/g;
  scan.lastIndex = start;
  let depth = 0;
  for (let match = scan.exec(text); match; match = scan.exec(text)) {
    if (match[0] === '{' || match[0] === '[') depth++;
    else if (match[0] === '}' || match[0] === ']') depth--;
    if (depth === 0) return scan.lastIndex;
  }
  return text.length;
}
