import type { Config } from '../config/schema.ts';
import { formatUsd } from '../format.ts';
import {
  exactUsd,
  type JobEstimate,
  type JobRun,
  jobEstimate,
  longestTransform,
  lookUp,
  prepareJobSize,
  sum,
} from './estimate.ts';
import { type Component, type Price, priceOf, priceTable } from './price-table.ts';

/** Hours of a month, as AWS counts them. */
const HOURS_A_MONTH = 730;

/** The estimated cost of a release in one region, and of what it leaves running. */
export interface ReleaseCost {
  region: string;
  mode: Config['inference']['mode'];
  /** The jobs of one release; none where nothing is predicted in a batch. */
  jobs: JobEstimate[];
  /** US dollars of these jobs; null if a price is not known. */
  usd: number | null;
  /** What costs even if nobody asks: US dollars of an hour; null if the price is not known. */
  at_rest_usd_per_hour: number | null;
  /** US dollars of 730 hours. */
  at_rest_usd_per_month: number | null;
  /** An endpoint while an update is under way, when the old and the new fleet run: US dollars of an hour; else null. */
  updating_usd_per_hour: number | null;
  /** A serverless endpoint's computing; null for other modes. */
  computing: { memory_mb: number; usd_per_second: number | null } | null;
  /** Instances without a known price: `ml.m5.large (hosting)`. */
  unpriced: string[];
}

/** What a release will do, as far as it is known beforehand. */
export interface ReleaseWork {
  /** Whether there are rows to predict in a batch (data.scoring). */
  predicts: boolean;
  /** Jobs of the same kinds; on the same instances they are expected to take as long. */
  earlier: Partial<Record<'prepare' | 'score', JobRun>>;
}

/**
 * Estimates a release: laying out the rows, predicting and delivering in a batch; an endpoint's instances at rest, and both
 * fleets while it is updated; a serverless endpoint, which costs nothing at rest, by the second of computing. Requests, storage,
 * Lambda functions, queries, logs and data transfer are left out.
 */
export function estimateRelease(
  config: Pick<Config, 'prepare' | 'inference'>,
  region: string,
  { predicts, earlier }: ReleaseWork,
  table: readonly Price[] = priceTable,
): ReleaseCost {
  const { prepare, inference } = config;
  const { mode, instance } = inference;
  const program = {
    component: prepare.engine,
    size: prepareJobSize(config),
    jobs: 1,
    most: prepare.max_runtime,
    earlier: earlier.prepare,
  };
  const scoring = {
    component: 'transform' as const,
    size: instance,
    jobs: 1,
    most: longestTransform,
    earlier: earlier.score,
  };
  const planned = [
    { ...program, name: 'Lay out rows' },
    { ...scoring, name: 'Predict' },
    { ...program, name: 'Deliver' },
  ];
  const jobs = mode === 'batch' && predicts ? planned.map((job) => jobEstimate(job, region, table)) : [];
  const priceFor = (component: Component, name: string): number | null =>
    priceOf(component, name, region, table)?.usd_per_hour ?? null;
  const computingWith = (memory_mb: number) => ({
    memory_mb,
    usd_per_second: scaled(priceFor('serverless', `${memory_mb} MB`), 1 / 3600),
  });
  const fleet = mode === 'endpoint' ? scaled(priceFor('hosting', instance.type), instance.count) : null;
  const atRest = mode === 'endpoint' ? fleet : 0;
  const computing = mode === 'serverless' ? computingWith(inference.serverless.memory_mb) : null;
  return {
    region,
    mode,
    jobs,
    usd: sum(jobs.map(({ usd }) => usd)),
    at_rest_usd_per_hour: atRest,
    at_rest_usd_per_month: scaled(atRest, HOURS_A_MONTH),
    updating_usd_per_hour: scaled(fleet, 2),
    computing,
    unpriced: [
      ...new Set([
        ...jobs.filter(({ usd }) => usd === null).map((job) => `${job.instance} (${job.component})`),
        ...(mode === 'endpoint' && fleet === null ? [`${instance.type} (hosting)`] : []),
        ...(computing !== null && computing.usd_per_second === null
          ? [`${computing.memory_mb} MB (serverless)`]
          : []),
      ]),
    ],
  };
}

const scaled = (usd: number | null, times: number): number | null => (usd === null ? null : usd * times);

/** "$0.02; at rest $0/month", without a full stop. */
export function releaseCostText({ mode, usd, jobs, ...cost }: ReleaseCost): string {
  const { at_rest_usd_per_hour: hour, at_rest_usd_per_month: month, updating_usd_per_hour: updating } = cost;
  if (mode === 'endpoint') {
    if (hour === null || updating === null) return 'price not known';
    return `at rest ${hourly(hour)}, ${formatUsd(month)}/month; ${hourly(updating)} while an update is under way and both fleets run`;
  }
  const once =
    jobs.length === 0 ? '' : usd === null ? 'price not known; ' : `${atMost(jobs)}${exactUsd(usd)}; `;
  const rest = 'at rest $0/month';
  const { computing } = cost;
  if (computing === null) return `${once}${rest}`;
  const { memory_mb: memory, usd_per_second: second } = computing;
  return second === null
    ? `${rest}; the price of computing with ${memory} MB is not known`
    : `${rest}; $${Number(second.toPrecision(2))} for a second of computing with ${memory} MB`;
}

/** Three digits, since prices of an hour often have tenths of a cent. */
const hourly = (usd: number): string => `$${Number(usd.toPrecision(3))}/hour`;

/** Without an earlier job to go by, a job counts with the longest that it may take. */
const atMost = (jobs: readonly JobEstimate[]): string =>
  jobs.some(({ basis }) => basis === 'most') ? 'at most ' : '';

/** Says which prices are missing, and how to get them; empty if none is. */
export const unpricedText = ({ unpriced, region }: ReleaseCost): string =>
  unpriced.length === 0 ? '' : `${lookUp(unpriced, region)}.`;
