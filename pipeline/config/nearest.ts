import { distance } from 'fastest-levenshtein';

/** The option that a misspelt or shortened word most likely means; undefined if none is near. */
export function nearest(word: string, options: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[\s_-]/g, '');
  const ranked = options
    .map((option) => ({ option, edits: editsBetween(plain(word), plain(option)) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  if (!best) return undefined;
  const allowed = Math.max(1, Math.floor(Math.max(word.length, best.option.length) / 3));
  return best.edits <= allowed
    ? best.option
    : only(options.filter((option) => begins(plain(option), plain(word))));
}

/** Whether a word of three letters or more is how an option begins. */
const begins = (option: string, word: string): boolean => word.length >= 3 && option.startsWith(word);

const only = (options: readonly string[]): string | undefined =>
  options.length === 1 ? options[0] : undefined;

/** The Levenshtein distance, where two letters in each other's place are one slip rather than two. */
function editsBetween(word: string, option: string): number {
  const edits = distance(word, option);
  const letters = (text: string) => [...text].sort().join('');
  return edits === 2 && letters(word) === letters(option) ? 1 : edits;
}

/** Returns `; did you mean "target"?`, or an empty text if no option is near. */
export function didYouMean(word: string, options: readonly string[]): string {
  const option = nearest(word, options);
  return option === undefined ? '' : `; did you mean "${option}"?`;
}
