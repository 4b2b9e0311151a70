import { type PrepareSize, prepareSize } from '../config/prepare-size.ts';
import type { Config } from '../config/schema.ts';
import { BudgetError } from '../errors.ts';
import { formatCountOf, formatSeconds, formatUsd } from '../format.ts';
import { type Component, type Price, priceOf, priceTable } from './price-table.ts';

/** How long one job of a kind took, on what. */
export interface JobRun {
  instance: string;
  count: number;
  /** Billable, of each instance. */
  seconds: number;
}

/** What a run will do, as far as that is known before it starts. */
export interface Work {
  /** Prepare jobs: the run's own, and one for each model to compare with that was prepared otherwise. */
  prepares: number;
  trains: boolean;
  /** Models to score: candidate, champion, anchor. */
  scores: number;
  /** Jobs of the run that made the champion: what others of the same size are expected to take. */
  earlier: Partial<Record<'prepare' | 'train' | 'score', JobRun>>;
}

export interface JobEstimate {
  /** Prepare, Train, Tune, Score. */
  name: string;
  component: Component;
  instance: string;
  count: number;
  jobs: number;
  /** Of one job. */
  seconds: number;
  /** expected: as an earlier run took on the same instances. most: the longest that the job may take. */
  basis: 'expected' | 'most';
  /** null where the price is not known. */
  usd: number | null;
}

/** What a run may cost by the hours of its jobs' instances. */
export interface Estimate {
  region: string;
  /** null where a price is not known. */
  usd: number | null;
  jobs: JobEstimate[];
  spot: boolean;
}

/** Seconds: a transform job has no longest time of its own; this is when the pipeline stops it. */
export const longestTransform = 6 * 3600;

const everything: Work = { prepares: 1, trains: true, scores: 1, earlier: {} };

/**
 * Instances x hours x on-demand price over all jobs: each as long as the job took in the run that made the champion,
 * where that had the same instances, else as long as it may take at most. Spot capacity counts at the on-demand price,
 * which it never exceeds. Not in it: disks, storage, functions, logs, transfer.
 */
export function estimate(
  config: Config,
  region: string,
  work: Work = everything,
  table: readonly Price[] = priceTable,
): Estimate {
  const { prepare, training, tuning, inference } = config;
  const preparing = prepareSize(prepare);
  const planned = [
    {
      name: 'Prepare',
      component: prepare.engine,
      // A size that the engine does not have, config/rules.ts has refused.
      size: typeof preparing === 'string' ? prepare.instance : sizeOf(preparing),
      jobs: work.prepares,
      most: prepare.max_runtime,
      earlier: work.earlier.prepare,
    },
    {
      name: tuning ? 'Tune' : 'Train',
      component: 'training' as const,
      size: training.instance,
      jobs: work.trains ? (tuning?.max_jobs ?? 1) : 0,
      most: training.max_runtime,
      earlier: work.earlier.train,
    },
    {
      name: 'Score',
      component: 'transform' as const,
      size: inference.instance,
      jobs: work.scores,
      most: longestTransform,
      earlier: work.earlier.score,
    },
  ];
  const jobs = planned
    .filter((job) => job.jobs > 0)
    .map(({ name, component, size, jobs, most, earlier }): JobEstimate => {
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
    });
  return { region, usd: sum(jobs.map(({ usd }) => usd)), jobs, spot: training.spot && work.trains };
}

const sizeOf = ({ instance, count }: PrepareSize) => ({ type: instance, count });

export const usdOf = ({ count, seconds }: JobRun, price: Price): number =>
  (count * seconds * price.usd_per_hour) / 3600;

/** null where a part is not known. */
export const sum = (parts: readonly (number | null)[]): number | null =>
  parts.reduce((total, part) => (total === null || part === null ? null : total + part), 0 as number | null);

/** Throws BudgetError where the estimate, or the part of it whose prices are known, is over the budget. */
export function requireBudget(found: Estimate, config: Config): void {
  const limit = config.budget.max_run_usd;
  const known = found.jobs.reduce((total, { usd }) => total + (usd ?? 0), 0);
  if (limit === null || known <= limit) return;
  const dearest = found.jobs.reduce((a, b) => ((b.usd ?? 0) > (a.usd ?? 0) ? b : a));
  const unknown = unpriced(found);
  throw new BudgetError(
    `budget.max_run_usd: the run is estimated at ${exactUsd(known)}, the limit is ${exactUsd(limit)} ` +
      `(${found.jobs.map(jobText).join('; ')}${unknown === '' ? '' : `; ${unknown}`}). ` +
      `Raise budget.max_run_usd, or lower ${settingsOf(dearest, config)}`,
  );
}

/** Cents, or more digits where an amount has fewer than one: a limit of $0.001 is not "< $0.01". */
const exactUsd = (usd: number): string => (usd < 0.01 ? `$${Number(usd.toPrecision(2))}` : formatUsd(usd));

function settingsOf({ name }: JobEstimate, { tuning }: Config): string {
  if (name === 'Prepare') return 'prepare.max_runtime or prepare.instance';
  if (name === 'Score') return 'inference.instance';
  return `${tuning ? 'tuning.max_jobs, ' : ''}training.max_runtime or training.instance`;
}

/** Tune: 8 jobs on 1 x ml.m5.large, 1 h 00 min each at most: $0.92 */
function jobText({ name, jobs, instance, count, seconds, basis, usd }: JobEstimate): string {
  const many = jobs === 1 ? '' : `${formatCountOf(jobs, 'job')} on `;
  const each = jobs === 1 ? '' : ' each';
  const length = basis === 'most' ? ' at most' : ', as the run of the champion took';
  const cost = usd === null ? 'price unknown' : exactUsd(usd);
  return `${name}: ${many}${count} x ${instance}, ${formatSeconds(seconds)}${each}${length}: ${cost}`;
}

/** What has no price, as a sentence without its full stop; empty where all has. */
function unpriced({ region, jobs }: Estimate): string {
  const names = [
    ...new Set(jobs.filter(({ usd }) => usd === null).map((job) => `${job.instance} (${job.component})`)),
  ];
  return names.length === 0 ? '' : lookUp(names, region);
}

/** That there is no price of these instances, and how to get it. */
export const lookUp = (names: readonly string[], region: string): string =>
  `no price is known of ${names.join(', ')} in ${region}; \`node scripts/update-prices.ts ${region}\` asks AWS for it`;

/** How an estimate came about, in sentences. */
export function explainEstimate(found: Estimate): string {
  const unknown = unpriced(found);
  return [
    ...(found.jobs.length === 0 ? [] : [`Estimate: ${found.jobs.map(jobText).join('; ')}.`]),
    ...(unknown === '' ? [] : [`Not estimated: ${unknown}.`]),
    ...(found.spot ? ['Spot capacity is estimated at the on-demand price, which it stays below.'] : []),
  ].join(' ');
}
