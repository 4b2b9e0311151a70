import type { Config } from '../config/schema.ts';
import { metricText } from '../metrics.ts';
import { lossAt } from '../statistics/losses.ts';
import { watchable } from '../watchable.ts';
import type { Reference } from './reference.ts';

export type Decay = NonNullable<NonNullable<Config['monitoring']>['decay']>;

/** The limit of decay for a package. */
export interface Limit {
  metric: string;
  /** In the metric's own unit. */
  value: number;
  /** What a loss of 1 stands for. */
  scale: number;
  /** The mean loss there, in (0, 1). */
  loss: number;
}

/**
 * The limit for a package: `min` or `max` as they are; with `tolerance`, the holdout's own bound (of the gate's interval: its
 * worse end) less that.
 *
 * @returns a sentence where there is none
 */
export function limitOf(decay: Decay, reference: Reference): Limit | { why: string } {
  const metric = decay.metric ?? '';
  const reason = watchable(metric, reference.problem);
  if (reason !== null) return { why: `Decay of ${metric} cannot be watched, because ${reason}.` };
  const scale = reference.losses[metric]?.scale;
  if (scale === undefined)
    return { why: `Decay of ${metric} cannot be watched: the package's holdout has no losses of it.` };
  const isHigherBetter = metricText(metric).better === 'higher';
  let value = decay.min ?? decay.max;
  if (value === undefined) {
    const interval = reference.metrics[metric]?.interval;
    if (!interval || decay.tolerance === undefined)
      return {
        why: `The package's holdout has no interval of ${metric}, from which a tolerance could be taken.`,
      };
    value = isHigherBetter ? interval[0] - decay.tolerance : interval[1] + decay.tolerance;
  }
  const loss = lossAt(metric, value, scale);
  if (!(loss > 0 && loss < 1))
    return {
      why: `No loss can show a ${metric} beyond ${value}: its limit is ${loss.toPrecision(3)} on a scale from 0 to 1, where 1 stands for ${scale.toPrecision(3)}.`,
    };
  return { metric, value, scale, loss };
}

/** Whether the limit is a lowest value. */
export const isLowest = (metric: string): boolean => metricText(metric).better === 'higher';
