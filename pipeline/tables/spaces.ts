import { shown } from '../errors.ts';

/** The sentence that `"yes" and "yes "` differ in spaces alone, which nobody sees in a list; null if no texts do. */
export function spacesApart(texts: readonly string[]): string | null {
  const first = new Map<string, string>();
  const pairs: string[] = [];
  for (const text of texts) {
    const other = first.get(text.trim());
    if (other === undefined) first.set(text.trim(), text);
    else pairs.push(`${shown(other)} and ${shown(text)}`);
  }
  return pairs.length === 0 ? null : `${pairs.join(', ')} differ in spaces alone: remove them from the data`;
}
