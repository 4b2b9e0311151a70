import { distance } from 'fastest-levenshtein';

/** The option that a misspelt word most likely means; undefined if none is near. */
export function nearest(word: string, options: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[\s_-]/g, '');
  const ranked = options
    .map((option) => ({ option, edits: editsBetween(plain(word), plain(option)) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  if (!best) return undefined;
  const allowed = Math.max(1, Math.floor(Math.max(word.length, best.option.length) / 3));
  return best.edits <= allowed ? best.option : undefined;
}

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
