/** The later of a look's time and the last one's. */
export const laterOf = (at: string, last: string | null): string =>
  last !== null && Date.parse(at) < Date.parse(last) ? last : at;
