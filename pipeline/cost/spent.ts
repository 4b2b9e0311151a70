import { type JobRun, sum, usdOf } from './estimate.ts';
import { type Component, type Price, priceOf, priceTable } from './price-table.ts';

/** A finished job, or several of the same kind with their seconds added up. */
export interface BilledJob extends JobRun {
  component: Component;
}

export interface Spent {
  /** null if a price is not known. */
  usd: number | null;
  /** Instances without a known price: `ml.m5.large (training)`. */
  unpriced: string[];
  /** Dates of the oldest and the newest price used; null if none was. */
  dates: [from: string, to: string] | null;
}

/** Sums billable seconds x instances x on-demand price. Spot training bills fewer seconds, not a lower price. */
export function spentOn(
  jobs: readonly BilledJob[],
  region: string,
  table: readonly Price[] = priceTable,
): Spent {
  const priced = jobs.map((job) => ({ job, price: priceOf(job.component, job.instance, region, table) }));
  const dates = priced.flatMap(({ price }) => price?.date ?? []).sort();
  const [from, to] = [dates.at(0), dates.at(-1)];
  return {
    usd: sum(priced.map(({ job, price }) => price && usdOf(job, price))),
    unpriced: [
      ...new Set(
        priced.flatMap(({ job, price }) => (price === null ? [`${job.instance} (${job.component})`] : [])),
      ),
    ],
    dates: from === undefined || to === undefined ? null : [from, to],
  };
}
