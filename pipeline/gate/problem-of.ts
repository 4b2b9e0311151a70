import type { Problem } from '../metrics.ts';
import { withScores } from './score-table.ts';

/** The problem of a score file, by its columns: `score`, `score_CLASS...` or `predicted`. */
export async function problemOf(file: string): Promise<Problem> {
  return await withScores(file, async ({ header }) => {
    if (header.includes('score')) return 'binary';
    return header.some((name) => name.startsWith('score_')) ? 'multiclass' : 'regression';
  });
}
