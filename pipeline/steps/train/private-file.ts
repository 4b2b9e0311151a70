import type { Verdict } from '../../gate/verdict.ts';
import { readJson, type StepContext } from '../context.ts';
import type { Evidence } from './evidence.ts';

/** The file of a run's folder with what publication keeps back, beside `verdict.json` and `evidence.json`. */
export const privateFile = 'private.json';

/** The content of the private file: verdict and evidence, whole. */
export interface Whole {
  verdict: Verdict;
  evidence: Evidence;
}

/** The whole beside a run's verdict; null if it is gone, or an earlier version of the pipeline made the run. */
export async function wholeBeside(
  verdict: string,
  context: Pick<StepContext, 'storage'>,
): Promise<Whole | null> {
  const uri = verdict.replace(/verdict\.json$/, privateFile);
  return (await context.storage.exists(uri)) ? await readJson<Whole>(context, uri) : null;
}
