import type { Jobs, Trial } from '../../ports.ts';
import type { TrainedModel } from '../context.ts';

export interface SearchedTrial extends Trial {
  /** Whether a guide chose it; absent where the search was not guided. */
  guided?: boolean;
}

/** The trials of the search that made a model: of its tuning job, or of all parts of a guided search, in the order they ran. */
export async function trialsOfSearch(
  { tuning_job, parts }: NonNullable<TrainedModel['tuning']>,
  jobs: Pick<Jobs, 'trials'>,
): Promise<SearchedTrial[]> {
  if (parts === undefined) return await jobs.trials(tuning_job);
  const found: SearchedTrial[] = [];
  for (const name of ['first', 'guided', 'random'] as const) {
    const job = parts[name]?.tuning_job;
    // A part that failed as a whole has no result.
    if (job === undefined || job === null) continue;
    for (const trial of await jobs.trials(job)) found.push({ ...trial, guided: name !== 'random' });
  }
  return found;
}
