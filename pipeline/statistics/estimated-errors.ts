import type { PerformanceEstimate, UnlabelledBins } from './estimated-performance.ts';
import { quantile } from './normal.ts';

const { max, sqrt } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/** Rows with errors of a regression in bins of the predicted value. */
export interface ErrorBins {
  bins: readonly {
    n: number;
    errors?: { absolute: number; squared: number; fourth: number };
  }[];
}

/** Bins are joined until each has so many rows of the reference, or its variance is not known. */
const FEWEST = 30;

/**
 * Estimates MAE and RMSE of predictions whose labels are not known yet: the mean loss of the reference's rows by their
 * predicted value, weighted as predictions are now (direct loss estimation). It supposes that errors at one predicted value are
 * what they were on the reference. The interval has the sampling of the reference and of these rows' labels.
 */
export function estimateErrors(
  { bins }: ErrorBins,
  { counts }: Pick<UnlabelledBins, 'counts'>,
): Partial<Record<'mae' | 'rmse', PerformanceEstimate>> {
  const groups: { n: number; absolute: number; squared: number; fourth: number; now: number }[] = [];
  for (const [i, { n, errors }] of bins.entries()) {
    if (errors === undefined) return {};
    const last = groups.at(-1);
    const group =
      last !== undefined && last.n < FEWEST ? last : { n: 0, absolute: 0, squared: 0, fourth: 0, now: 0 };
    if (group !== last) groups.push(group);
    group.n += n;
    group.absolute += errors.absolute;
    group.squared += errors.squared;
    group.fourth += errors.fourth;
    group.now += counts[i] ?? 0;
  }
  if (groups.length > 1 && groups.at(-1)!.n < FEWEST) {
    const last = groups.pop()!;
    const before = groups.at(-1)!;
    for (const key of ['n', 'absolute', 'squared', 'fourth', 'now'] as const) before[key] += last[key];
  }
  const m = groups.reduce((sum, { now }) => sum + now, 0);
  if (m === 0 || groups[0]!.n < FEWEST) return {};
  const estimate = (
    first: 'absolute' | 'squared',
    second: 'squared' | 'fourth',
    unit: (mean: number) => number,
  ) => {
    let mean = 0;
    let sampling = 0;
    let reference = 0;
    for (const { n, now, ...power } of groups) {
      const loss = power[first] / n;
      const variance = (max(0, power[second] / n - loss * loss) * n) / (n - 1);
      mean += (now / m) * loss;
      sampling += (now * variance) / (m * m);
      reference += ((now / m) ** 2 * variance) / n;
    }
    const error = sqrt(sampling + reference);
    const half = quantile(0.975) * error;
    const [low, high] = [unit(max(0, mean - half)), unit(mean + half)];
    // A root's error is that of the square over twice the root.
    const slope = first === 'squared' && mean > 0 ? 1 / (2 * sqrt(mean)) : 1;
    return {
      value: unit(mean),
      interval: [low, high] as [number, number],
      error: error * slope,
      sampling: sqrt(sampling) * slope,
    };
  };
  return {
    mae: estimate('absolute', 'squared', (mean) => mean),
    rmse: estimate('squared', 'fourth', sqrt),
  };
}
