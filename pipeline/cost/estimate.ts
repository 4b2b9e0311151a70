import { type PrepareSize, prepareSize } from '../config/prepare-size.ts';
import type { Config } from '../config/schema.ts';
import { BudgetError } from '../errors.ts';
import { formatCountOf, formatSeconds, formatUsd } from '../format.ts';
import { type Component, type Price, priceOf, priceTable } from './price-table.ts';

/** The instances and duration of one job. */
export interface JobRun {
  instance: string;
  count: number;
  /** Billable seconds of each instance. */
  seconds: number;
}

/** The jobs that a run will start, as far as they are known beforehand. */
export interface Work {
  /** Prepare jobs: the run's own, and one for each model to compare with that has a different preparation. */
  prepares: number;
  trains: boolean;
  /** Models to score: candidate, champion, anchor. */
  scores: number;
  /** Jobs of the run that made the champion; jobs of the same size are expected to take as long. */
  earlier: Partial<Record<'prepare' | 'train' | 'score', JobRun>>;
}

export interface JobEstimate {
  /** Prepare, Train, Tune, Score. */
  name: string;
  component: Component;
  instance: string;
  count: number;
  jobs: number;
  /** Seconds of one job. */
  seconds: number;
  /** expected: the time of an earlier run on the same instances. most: the longest that the job may take. */
  basis: 'expected' | 'most';
  /** null if the price is not known. */
  usd: number | null;
}

/** The estimated cost of a run's instances. */
export interface Estimate {
  region: string;
  /** null if a price is not known. */
  usd: number | null;
  jobs: JobEstimate[];
  spot: boolean;
}

/** Seconds after which the pipeline stops a transform job, which has no time limit of its own. */
export const longestTransform = 6 * 3600;

const everything: Work = { prepares: 1, trains: true, scores: 1, earlier: {} };

/**
 * Sums instances x hours x on-demand price over all jobs. A job's hours are those of the run that made the champion if
 * it had the same instances, else the longest that the job may take. Spot capacity counts at the on-demand price, which
 * it never exceeds. Disks, storage, Lambda functions, logs and data transfer are left out.
 */
export function estimate(
  config: Config,
  region: string,
  work: Work = everything,
  table: readonly Price[] = priceTable,
): Estimate {
  const { prepare, training, tuning, inference } = config;
  const planned: PlannedJob[] = [
    {
      name: 'Prepare',
      component: prepare.engine,
      size: prepareJobSize(config),
      jobs: work.prepares,
      most: prepare.max_runtime,
      earlier: work.earlier.prepare,
    },
    {
      name: tuning ? 'Tune' : 'Train',
      component: 'training',
      size: training.instance,
      jobs: work.trains ? (tuning?.max_jobs ?? 1) : 0,
      most: training.max_runtime,
      earlier: work.earlier.train,
    },
    {
      name: 'Score',
      component: 'transform',
      size: inference.instance,
      jobs: work.scores,
      most: longestTransform,
      earlier: work.earlier.score,
    },
  ];
  const jobs = planned.filter((job) => job.jobs > 0).map((job) => jobEstimate(job, region, table));
  return { region, usd: sum(jobs.map(({ usd }) => usd)), jobs, spot: training.spot && work.trains };
}

/** A job that is planned: its size, its number, and how long one may take. */
export interface PlannedJob extends Pick<JobEstimate, 'name' | 'component' | 'jobs'> {
  size: { type: string; count: number };
  /** Seconds after which it is stopped. */
  most: number;
  /** A job of the same kind; its time is expected again on the same instances. */
  earlier: JobRun | undefined;
}

/** What a job is expected to cost, or costs at most. */
export function jobEstimate(
  { name, component, size, jobs, most, earlier }: PlannedJob,
  region: string,
  table: readonly Price[],
): JobEstimate {
  const { type: instance, count } = size;
  const known = earlier?.instance === instance && earlier.count === count;
  const seconds = known ? Math.min(earlier.seconds, most) : most;
  const price = priceOf(component, instance, region, table);
  return {
    name,
    component,
    instance,
    count,
    jobs,
    seconds,
    basis: known ? 'expected' : 'most',
    usd: price && usdOf({ instance, count, seconds: seconds * jobs }, price),
  };
}

/** The size of the jobs of the prepare program. config/rules.ts has refused a size that the engine does not have. */
export function prepareJobSize({ prepare }: Pick<Config, 'prepare'>): PlannedJob['size'] {
  const size = prepareSize(prepare);
  return typeof size === 'string' ? prepare.instance : sizeOf(size);
}

const sizeOf = ({ instance, count }: PrepareSize) => ({ type: instance, count });

export const usdOf = ({ count, seconds }: JobRun, price: Price): number =>
  (count * seconds * price.usd_per_hour) / 3600;

/** The sum; null if a part is not known. */
export const sum = (parts: readonly (number | null)[]): number | null =>
  parts.reduce((total, part) => (total === null || part === null ? null : total + part), 0 as number | null);

/**
 * Throws BudgetError if the estimate, or the part of it with known prices, is above the budget or above the deployed
 * environment's ceiling, which a run cannot raise. Where a run is not trusted, a job without a known price is an error too,
 * because it cannot be held to the ceiling.
 */
export function requireBudget(
  found: Estimate,
  config: Config,
  { ceiling = null, trusted = true }: { ceiling?: number | null; trusted?: boolean } = {},
): void {
  const limit = config.budget.max_run_usd;
  const known = found.jobs.reduce((total, { usd }) => total + (usd ?? 0), 0);
  const unknown = unpriced(found);
  const jobs = `${found.jobs.map(jobText).join('; ')}${unknown === '' ? '' : `; ${unknown}`}`;
  const estimated = `budget.max_run_usd: the run is estimated at ${exactUsd(known)}`;
  if (limit !== null && known > limit) {
    const dearest = found.jobs.reduce((a, b) => ((b.usd ?? 0) > (a.usd ?? 0) ? b : a));
    throw new BudgetError(
      `${estimated}, the limit is ${exactUsd(limit)} (${jobs}). ` +
        `Raise budget.max_run_usd, or lower ${settingsOf(dearest, config)}`,
    );
  }
  if (ceiling === null) return;
  const deployed = `the environment was deployed with a limit of ${exactUsd(ceiling)}`;
  if (known > ceiling)
    throw new BudgetError(
      `${estimated}, but ${deployed} (${jobs}). A run cannot raise it: deploy a higher one first, or make the jobs smaller`,
    );
  if (unknown !== '' && !trusted)
    throw new BudgetError(`${estimated} in part, but ${deployed}, and ${unknown}`);
}

/** Dollars and cents; amounts below one cent with two digits, so that a limit of $0.001 is not "< $0.01". */
export const exactUsd = (usd: number): string =>
  usd < 0.01 ? `$${Number(usd.toPrecision(2))}` : formatUsd(usd);

function settingsOf({ name }: JobEstimate, { tuning }: Config): string {
  if (name === 'Prepare') return 'prepare.max_runtime or prepare.instance';
  if (name === 'Score') return 'inference.instance';
  return `${tuning ? 'tuning.max_jobs, ' : ''}training.max_runtime or training.instance`;
}

/** Tune: 8 jobs on 1 x ml.m5.large, 1 h 00 min each at most: $0.92 */
function jobText({ name, jobs, instance, count, seconds, basis, usd }: JobEstimate): string {
  const many = jobs === 1 ? '' : `${formatCountOf(jobs, 'job')} on `;
  const each = jobs === 1 ? '' : ' each';
  const length = basis === 'most' ? ' at most' : ", as in the champion's run";
  const cost = usd === null ? 'price unknown' : exactUsd(usd);
  return `${name}: ${many}${count} x ${instance}, ${formatSeconds(seconds)}${each}${length}: ${cost}`;
}

/** A sentence, without its full stop, on instances whose price is unknown; empty if all are known. */
function unpriced({ region, jobs }: Estimate): string {
  const names = [
    ...new Set(jobs.filter(({ usd }) => usd === null).map((job) => `${job.instance} (${job.component})`)),
  ];
  return names.length === 0 ? '' : lookUp(names, region);
}

/** Says that these instances have no known price, and how to get it. */
export const lookUp = (names: readonly string[], region: string): string =>
  `no price is known for ${names.join(', ')} in ${region}; \`node scripts/update-prices.ts ${region}\` gets it from AWS`;

/** Explains an estimate in sentences. */
export function explainEstimate(found: Estimate): string {
  const unknown = unpriced(found);
  return [
    ...(found.jobs.length === 0 ? [] : [`Estimate: ${found.jobs.map(jobText).join('; ')}.`]),
    ...(unknown === '' ? [] : [`Not estimated: ${unknown}.`]),
    ...(found.spot ? ['Spot capacity is estimated at the on-demand price, which it never exceeds.'] : []),
  ].join(' ');
}
