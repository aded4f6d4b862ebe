/** Matches the names of cards that mostly have results, which are shown before other cards. */
export const resultCard = /metric|score|result|eval/i;
