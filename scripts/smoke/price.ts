import { prepareSize } from '../../pipeline/config/prepare-size.ts';
import type { Config } from '../../pipeline/config/schema.ts';
import { type Estimate, estimate, lookUp } from '../../pipeline/cost/estimate.ts';
import { formatUsd } from '../../pipeline/format.ts';

/** The price of a smoke test's jobs. */
export interface SmokePrice {
  /** If every job runs into its time limit; null if a price is not known. */
  most: number | null;
  /** Sentences that say it. */
  text: string;
}

/** A job of this size mostly starts its instance and loads its image. */
const usualSeconds = 5 * 60;

/** The price of one smoke test: a prepare, a training and a transform job. */
export function priceOf(config: Config, region: string): SmokePrice {
  const size = prepareSize(config.prepare);
  if (typeof size === 'string') throw new Error(`prepare.instance.type: ${size}`);
  const seconds = usualSeconds;
  const earlier = {
    prepare: { instance: size.instance, count: size.count, seconds },
    train: { instance: config.training.instance.type, count: 1, seconds },
    score: { instance: config.inference.instance.type, count: 1, seconds },
  };
  const most = estimate(config, region);
  const usual = estimate(config, region, { prepares: 1, trains: true, scores: 1, earlier });
  if (most.usd === null || usual.usd === null)
    return { most: null, text: `The price is not known: ${lookUp(unpriced(most), region)}.` };
  return {
    most: most.usd,
    text:
      `Price: about ${formatUsd(usual.usd)} if each job takes five minutes, at most ${formatUsd(most.usd)} if each runs into its ` +
      `limit (${jobsOf(most)}). Storage, logs, functions and data transfer add less than a cent.`,
  };
}

const jobsOf = ({ jobs }: Estimate): string =>
  jobs
    .map(({ name, count, instance, component }) => `${name}: ${count} x ${instance}, ${component}`)
    .join('; ');

const unpriced = ({ jobs }: Estimate): string[] =>
  jobs.filter(({ usd }) => usd === null).map(({ instance, component }) => `${instance} (${component})`);
