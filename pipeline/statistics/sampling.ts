import { bootstrap } from './bootstrap.ts';
import { aucVariance, compareAucs } from './delong.ts';
import { bootstrapEstimate, type Estimate, normalEstimate } from './estimate.ts';
import { orientation } from './metrics.ts';
import { classOf, type Model, metricOf } from './model.ts';

/** Sampling distributions of a model's metric, or of the difference of two models; null if there is none. */
export interface Sampling {
  of(model: Model, metric: string): Estimate | null;
  difference(first: Model, second: Model, metric: string): Estimate | null;
  /** Like `of` and `difference`, oriented so that higher is better. */
  oriented(model: Model, metric: string): Estimate | null;
  orientedDifference(first: Model, second: Model, metric: string): Estimate | null;
}

/**
 * DeLong's method for ROC AUC, and one paired, stratified bootstrap of all models for every other metric.
 *
 * @param models the models to sample, with the same rows in order of class
 * @param options.metrics the metrics to sample; default: all
 */
export function samplingOf(
  models: readonly Model[],
  { replicates, seed, metrics }: { replicates: number; seed: number; metrics?: readonly string[] },
): Sampling {
  const { rows } = models[0]!;
  const strata = strataOf(rows.ids.length, classOf(rows));
  const drawn = new Map<Model, Map<string, Float64Array>>(models.map((model) => [model, new Map()]));
  // Resampling a class of one row always gives the same row, so there are no intervals.
  if (replicates > 0 && strata.every((end, i) => end - (strata[i - 1] ?? 0) > 1)) {
    const wanted = models.flatMap((model) =>
      [...model.statistics]
        .filter(([metric]) => metrics?.includes(metric) ?? true)
        .map(([metric, statistic]) => ({ model, metric, statistic })),
    );
    const values = bootstrap(
      wanted.map(({ statistic }) => statistic),
      { strata, replicates, seed },
    );
    for (const [i, { model, metric }] of wanted.entries()) drawn.get(model)!.set(metric, values[i]!);
  }
  const combined = (
    of: readonly Model[],
    metric: string,
    combine: (values: number[]) => number,
  ): Estimate | null => {
    const values = of.map((model) => metricOf(model, metric));
    const replicatesOf = of.map((model) => drawn.get(model)!.get(metric));
    if (values.includes(null) || replicatesOf.includes(undefined)) return null;
    const combinedReplicates = replicatesOf[0]!.map((_, r) => combine(replicatesOf.map((each) => each![r]!)));
    return bootstrapEstimate(combine(values as number[]), combinedReplicates);
  };
  const of: Sampling['of'] = (model, metric) => {
    if (metric !== 'roc_auc') return combined([model], metric, ([value]) => value!);
    return model.placements === null
      ? null
      : normalEstimate(model.placements.auc, aucVariance(model.placements));
  };
  const difference: Sampling['difference'] = (first, second, metric) => {
    if (metric !== 'roc_auc') return combined([first, second], metric, ([a, b]) => a! - b!);
    if (first.placements === null || second.placements === null) return null;
    const compared = compareAucs(first.placements, second.placements);
    return normalEstimate(compared.difference, compared.variance);
  };
  return {
    of,
    difference,
    oriented(model, metric) {
      if (metric === 'roc_auc') return of(model, metric);
      const orient = orientation(metric);
      return combined([model], metric, ([value]) => orient(value!));
    },
    orientedDifference(first, second, metric) {
      if (metric === 'roc_auc') return difference(first, second, metric);
      const orient = orientation(metric);
      return combined([first, second], metric, ([a, b]) => orient(a!) - orient(b!));
    },
  };
}

/** The end of each class's rows. */
function strataOf(n: number, classAt: (row: number) => number): number[] {
  const ends: number[] = [];
  for (let row = 1; row <= n; row++) if (row === n || classAt(row) !== classAt(row - 1)) ends.push(row);
  return ends;
}
