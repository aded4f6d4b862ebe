const colors = 5;
const dashes = [undefined, '7 3', '2 3', '9 3 2 3'];

/** Returns the look of the line of a version. Versions with the same colour have different dashes. */
export const lookOf = (index: number) => ({
  color: `var(--series-${(index % colors) + 1})`,
  dash: dashes[Math.floor(index / colors) % dashes.length],
});
