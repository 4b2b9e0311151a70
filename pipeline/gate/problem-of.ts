import { openTable } from '../tables/table.ts';
import type { Problem } from './scores.ts';

/** The problem that a score file's columns tell: `score`, `score_CLASS...` or `predicted`. */
export async function problemOf(file: string): Promise<Problem> {
  const { header } = await openTable(file);
  if (header.includes('score')) return 'binary';
  return header.some((name) => name.startsWith('score_')) ? 'multiclass' : 'regression';
}
