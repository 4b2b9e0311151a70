import type { SliceColumn } from './scores.ts';

/** Groups of rows that are not independent of each other, such as one person's. */
export interface Clusters {
  count: number;
  /** For each row, its group: 0 to count - 1. */
  codes: Uint32Array;
}

/** The groups that have rows, numbered anew; null without groups. */
export function clustersOf(groups: SliceColumn | null | undefined): Clusters | null {
  if (!groups) return null;
  const renumbered = new Int32Array(groups.values.length).fill(-1);
  let count = 0;
  const codes = groups.codes.map((code) => {
    if (renumbered[code] === -1) renumbered[code] = count++;
    return renumbered[code]!;
  });
  return { count, codes };
}
