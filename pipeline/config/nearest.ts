import { distance } from 'fastest-levenshtein';

/** The option that a misspelt word most likely means; undefined if none is near. */
export function nearest(word: string, options: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[\s_-]/g, '');
  const ranked = options
    .map((option) => ({ option, edits: distance(plain(word), plain(option)) }))
    .sort((a, b) => a.edits - b.edits);
  const best = ranked[0];
  if (!best) return undefined;
  const allowed = Math.max(1, Math.floor(Math.max(word.length, best.option.length) / 3));
  return best.edits <= allowed ? best.option : undefined;
}

/** Returns `; did you mean "target"?`, or an empty text if no option is near. */
export function didYouMean(word: string, options: readonly string[]): string {
  const option = nearest(word, options);
  return option === undefined ? '' : `; did you mean "${option}"?`;
}
