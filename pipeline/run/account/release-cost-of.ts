import type { Config } from '../../config/schema.ts';
import { lookUp } from '../../cost/estimate.ts';
import { estimateRelease, releaseCostText, unpricedText } from '../../cost/release-cost.ts';
import { spentOn } from '../../cost/spent.ts';
import { formatCountOf, formatUsd } from '../../format.ts';
import { billedReleaseJobs } from '../../steps/release/billed-release-jobs.ts';
import type { ReleaseRecord } from '../../steps/release/release-record.ts';

/** What a release has cost, and what it leaves running. */
export interface SpentOnRelease {
  /** US dollars of its jobs' billable seconds; null if a price is not known. */
  spent_usd: number | null;
  /** US dollars; null if the price is not known. */
  at_rest_usd_per_hour: number | null;
  at_rest_usd_per_month: number | null;
  /** The same in a sentence, with what is not counted; empty on this machine, where nothing costs. */
  note: string;
}

/** @param region null: the release ran on this machine */
export function releaseCostOf(
  record: Pick<ReleaseRecord, 'started_at' | 'state'>,
  config: Pick<Config, 'prepare' | 'inference'>,
  region: string | null,
): SpentOnRelease {
  if (region === null) return { spent_usd: 0, at_rest_usd_per_hour: 0, at_rest_usd_per_month: 0, note: '' };
  const jobs = billedReleaseJobs(record);
  const { usd, unpriced, dates } = spentOn(jobs, region);
  const rest = estimateRelease(config, region, { predicts: false, earlier: {} });
  const days = dates && (dates[0] === dates[1] ? dates[0] : `${dates[0]} to ${dates[1]}`);
  const prices =
    days === null ? '' : ` (${formatCountOf(jobs.length, 'job')} at the on-demand prices of ${days})`;
  return {
    spent_usd: usd,
    at_rest_usd_per_hour: rest.at_rest_usd_per_hour,
    at_rest_usd_per_month: rest.at_rest_usd_per_month,
    note: [
      `Cost: ${usd === null ? 'price not known' : `${formatUsd(usd)} spent`}${prices}; ${releaseCostText(rest)}.`,
      unpriced.length === 0 ? '' : `Not counted: ${lookUp(unpriced, region)}.`,
      unpricedText(rest),
    ]
      .filter((sentence) => sentence !== '')
      .join(' '),
  };
}
