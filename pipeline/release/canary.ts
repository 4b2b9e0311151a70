import { formatCount, formatCountOf, formatPercent } from '../format.ts';
import type { Traffic } from '../ports.ts';
import { lowerBound, upperBound } from '../statistics/binomial.ts';

/** What the traffic of a bake shows of a new model. */
export interface CanaryJudgement {
  /** too_little: as many errors as the limit allows, and more, would look the same. */
  outcome: 'pass' | 'fail' | 'too_little';
  /** One sentence. */
  detail: string;
}

/** One-sided, of each bound. */
const confidence = 0.95;

/**
 * Judges the errors of a new model's first requests by Clopper and Pearson's bounds at 95 %: it passes where more errors than
 * the limit can be ruled out, and fails where fewer can. An alarm alone cannot tell no errors from no traffic.
 *
 * @param limit largest share of failed requests, in (0, 1)
 */
export function judgeCanary({ requests, errors }: Traffic, limit: number): CanaryJudgement {
  // A request that fails twice over is one request.
  const failed = Math.min(errors, requests);
  const counted = `${formatCountOf(failed, 'error')} in ${formatCountOf(requests, 'request')}`;
  if (requests === 0)
    return {
      outcome: 'too_little',
      detail: `Nobody asked the endpoint while the new model baked: nothing is known of its errors.`,
    };
  const most = upperBound(failed, requests, confidence);
  const allowed = `${counted} allow up to ${formatPercent(most)}`;
  if (most <= limit)
    return { outcome: 'pass', detail: `${allowed}, and ${formatPercent(limit)} is the limit: it passes.` };
  const least = lowerBound(failed, requests, confidence);
  if (least > limit)
    return {
      outcome: 'fail',
      detail: `${counted} mean at least ${formatPercent(least)}, and ${formatPercent(limit)} is the limit: it fails.`,
    };
  const enough = Math.ceil(Math.log(1 - confidence) / Math.log1p(-limit));
  return {
    outcome: 'too_little',
    detail: `${allowed}, and ${formatPercent(limit)} is the limit: too little traffic to tell. ${formatCount(enough)} requests without an error would.`,
  };
}
