import type { Verdict } from '../../gate/verdict.ts';
import type { Evidence } from './evidence.ts';

/** The file of a run's folder with what publication keeps back. */
export const privateFile = 'private.json';

/** What it holds: verdict and evidence, whole. */
export interface Whole {
  verdict: Verdict;
  evidence: Evidence;
}
