import type { Config } from '../../config/schema.ts';
import { sha256 } from '../../hash.ts';
import type { Guidance, StepContext } from '../context.ts';
import { duelOf, guideOf } from './guide.ts';
import { tuningConfig } from './job-parameters.ts';
import { pastRuns } from './past-trials.ts';
import type { SearchPlan, TrainPlan } from './state.ts';

/** How a run's tuning jobs search. */
export interface PlannedTuning extends Pick<TrainPlan, 'guided' | 'tuning' | 'searches'> {
  guidance: Guidance | null;
  notes: string[];
}

/** Most runs of which the report compares guided with random trials: the newest. */
const mostDuels = 50;

/**
 * Plans the tuning job of a run that trains, or the three of a guided search. What guides it is settled here, once, and kept with
 * the model: the fingerprint holds the setting alone, and a later run with the same fingerprint reuses the model, whatever other
 * runs have found since.
 *
 * SageMaker takes no points to begin with. So the best known trial is a tuning job of its own, a grid of one point; and the
 * random trials are another, because a search in narrow ranges draws nothing outside of them.
 *
 * @param name gives a tuning job's name, by the part
 */
export async function planTuning(
  { tuning }: Config,
  {
    seed,
    fingerprint,
    alike,
    name,
  }: { seed: number; fingerprint: string; alike: string; name: (part: string) => string },
  context: Pick<StepContext, 'storage' | 'root' | 'model'>,
): Promise<PlannedTuning> {
  if (tuning === null) return { guided: false, tuning: {}, searches: {}, guidance: null, notes: [] };
  const { guided } = tuning;
  const plain = { guided: false, searches: {} };
  if (!guided) return { ...plain, tuning: tuningConfig(tuning, seed), guidance: null, notes: [] };

  // With the same seed, every run would draw the same points and learn nothing new.
  const seedOf = (part: string) => Number.parseInt(sha256(`${fingerprint} ${part}`).slice(0, 7), 16);
  const { runs, notes } = await pastRuns(alike, context);
  const duels = runs
    .slice(0, mostDuels)
    .map(({ trials }) => duelOf(trials, tuning.objective.goal))
    .filter((duel) => duel !== null);
  const found = guideOf({ ...tuning, guided }, runs);
  if ('why' in found) {
    const guidance = { guide: null, why: found.why, duels };
    return { ...plain, tuning: tuningConfig(tuning, seedOf('random')), guidance, notes };
  }
  const { guide } = found;
  const { parts, first, ranges } = guide;
  const part = (of: string, change: Partial<typeof tuning>): SearchPlan => {
    const changed = { ...tuning, ...change };
    const parallel_jobs = Math.min(changed.parallel_jobs, changed.max_jobs);
    return {
      job: name(of),
      attempt: { n: 1, wait: 0 },
      tuning: tuningConfig({ ...changed, parallel_jobs }, seedOf(of)),
    };
  };
  const one = Object.fromEntries(Object.entries(first).map(([key, value]) => [key, [value]]));
  const narrow = part('guided', { ranges, max_jobs: parts.guided });
  return {
    guided: true,
    tuning: narrow.tuning,
    searches: {
      first: part('first', { strategy: 'grid', ranges: one, max_jobs: parts.first }),
      guided: narrow,
      random: part('random', { strategy: 'random', max_jobs: parts.random }),
    },
    guidance: { guide, why: null, duels },
    notes,
  };
}
