// Consistency tokens: the server answers from a replica only if it has what this page has seen.

/** The header of requests and responses with a token. */
export const tokenHeader = 'Placard-Consistency';

/** Returns the log of a token and its position, or undefined for another text. */
function parse(token: string): { log: string; position: bigint } | undefined {
  const match = /^(\d+:\d+):([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/.exec(token);
  if (!match) return undefined;
  const [, log, high, low] = match;
  return { log: log!, position: (BigInt(`0x${high!}`) << 32n) + BigInt(`0x${low!}`) };
}

/** Returns the token to keep: the higher one of the same log, and otherwise the newer one, which is `next`. */
export function laterToken(kept: string | null, next: string | null): string | null {
  if (!next) return kept;
  const [before, after] = [parse(kept ?? ''), parse(next)];
  return before && after && before.log === after.log && before.position > after.position ? kept : next;
}
