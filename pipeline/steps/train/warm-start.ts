import type { Config } from '../../config/schema.ts';
import { sha256Json } from '../../hash.ts';
import type { Ledger } from '../../ports.ts';
import type { Search, TrainedModel } from '../context.ts';

/*
 * `tuning.warm_start`: a tuning job starts from the results of earlier ones, its parents. SageMaker's requirements for
 * parents: https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html.
 */

/** SageMaker counts the parents' training jobs towards the limit of the child. */
const mostJobs = { bayesian: 750, random: 10_000, grid: 0, hyperband: 0 };
const mostParents = 5;
/** Most changes of static hyperparameters. SageMaker counts two for each that differs: the old and the new value. */
const mostChanges = 10;

export interface PlannedSearch {
  search: Search | { warm: false };
  /** Sentences for the report. */
  notes: string[];
}

export const noSearch: PlannedSearch = { search: { warm: false }, notes: [] };

type Tuned = TrainedModel & { tuning: Required<NonNullable<TrainedModel['tuning']>> };

/**
 * The search of a run that tunes. With `warm_start`, its parents are the newest tuning jobs in the ledger that
 * SageMaker accepts; a note says why there are none.
 */
export async function searchOf(
  config: Config,
  /** Hyperparameters that are not tuned, the key of the prepared rows, the image's digest. */
  {
    hyperparameters,
    alike,
    ...origin
  }: { hyperparameters: Record<string, string>; prepared: string; image: string; alike?: string },
  ledger: Ledger,
): Promise<PlannedSearch> {
  const { tuning } = config;
  if (tuning === null) return noSearch;
  const own = {
    key: keyOf(config, hyperparameters),
    made_from: sha256Json(origin),
    jobs: tuning.max_jobs,
    ...(alike !== undefined && { alike }),
  };
  const anew = { search: { ...own, warm: false, warm_start: {}, best: null } };
  if (!tuning.warm_start) return { ...anew, notes: [] };

  const notes: string[] = [];
  const known = (
    await ledger.list<TrainedModel>('model', ({ message }) =>
      notes.push(`No parent of the search: ${message}.`),
    )
  )
    .map(({ value }) => value)
    .filter(
      (model): model is Tuned => model.tuning?.search?.key === own.key && model.tuning.value !== undefined,
    )
    .filter(({ trained }) => changes(hyperparameters, trained.hyperparameters) <= mostChanges)
    .sort((a, b) => timeOf(b) - timeOf(a));
  const parents: Tuned[] = [];
  let jobs = own.jobs;
  for (const model of known) {
    const more = jobs + model.tuning.search.jobs;
    if (parents.length === mostParents || more > mostJobs[tuning.strategy]) continue;
    parents.push(model);
    jobs = more;
  }
  if (parents.length === 0) {
    const why =
      known.length === 0
        ? 'the ledger holds no earlier tuning job with the same ranges, objective, hyperparameters and split'
        : `together with any earlier job there are more than ${mostJobs[tuning.strategy]} training jobs, SageMaker's limit`;
    return { ...anew, notes: [...notes, `No warm start: ${why}.`] };
  }
  const values = parents.map((model) => model.tuning.value);
  return {
    search: {
      ...own,
      warm: true,
      warm_start: {
        ParentHyperParameterTuningJobs: parents.map((model) => ({
          HyperParameterTuningJobName: model.tuning.tuning_job,
        })),
        WarmStartType: parents.every((model) => model.tuning.search.made_from === own.made_from)
          ? 'IdenticalDataAndAlgorithm'
          : 'TransferLearning',
      },
      best: tuning.objective.goal === 'maximize' ? Math.max(...values) : Math.min(...values),
    },
    notes,
  };
}

/**
 * A hash of what parent and child must share. SageMaker requires the same objective, types of ranges and names of
 * hyperparameters. The pipeline also requires the same ranges, so that each of a parent's trials is a possible trial of
 * the child, and the same split, so that nothing learned from rows now in the holdout enters the search.
 */
const keyOf = ({ problem, data, tuning }: Config, hyperparameters: Record<string, string>): string =>
  sha256Json({
    problem,
    target: data.target,
    positive: data.positive,
    row_id: data.row_id,
    holdout: data.holdout,
    split: data.split.by === 'hash' ? undefined : data.split,
    objective: tuning?.objective,
    ranges: tuning?.ranges,
    names: Object.keys(hyperparameters).sort(),
  });

const changes = (own: Record<string, string>, parents: Record<string, string>): number =>
  2 * Object.entries(own).filter(([name, value]) => parents[name] !== value).length;

const timeOf = ({ tuning }: Tuned): number => new Date(tuning.ended).getTime();
