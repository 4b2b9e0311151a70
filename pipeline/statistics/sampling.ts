import { aucDifference, aucEstimate } from './auc.ts';
import { bootstrap } from './bootstrap.ts';
import { clustersOf } from './clusters.ts';
import { bootstrapEstimate, type Estimate } from './estimate.ts';
import { orientation } from './metrics.ts';
import { classOf, type Model, metricOf } from './model.ts';

/** Sampling distributions of a model's metric, or of the difference of two models; null if there is none. */
export interface Sampling {
  of(model: Model, metric: string): Estimate | null;
  difference(first: Model, second: Model, metric: string): Estimate | null;
  /** Like `of` and `difference`, oriented so that higher is better. */
  oriented(model: Model, metric: string): Estimate | null;
  orientedDifference(first: Model, second: Model, metric: string): Estimate | null;
  /** Whether groups of rows, not rows, are the units that vary. */
  clustered: boolean;
  replicates: number;
  /** How many replicates had no row of a class and were drawn again. */
  redrawn: number;
}

/**
 * A score test for ROC AUC (auc.ts), and one paired bootstrap of all models for every other metric, both over groups
 * where the rows have them.
 *
 * @param models the models to sample, with the same rows in order of class
 * @param options.metrics the metrics to sample; default: all
 */
export function samplingOf(
  models: readonly Model[],
  { replicates, seed, metrics }: { replicates: number; seed: number; metrics?: readonly string[] },
): Sampling {
  const { rows } = models[0]!;
  const classes = classEnds(rows.ids.length, classOf(rows));
  const clusters = clustersOf(rows.groups);
  const drawn = new Map<Model, Map<string, Float64Array>>(models.map((model) => [model, new Map()]));
  let redrawn = 0;
  const wanted = models.flatMap((model) =>
    [...model.statistics]
      .filter(([metric]) => metrics?.includes(metric) ?? true)
      .map(([metric, statistic]) => ({ model, metric, statistic })),
  );
  // Resampling a class of one row always gives the same row, so there are no intervals.
  const varies = classes.every((end, i) => end - (classes[i - 1] ?? 0) > 1) && (clusters?.count ?? 2) > 1;
  if (replicates > 0 && varies && wanted.length > 0) {
    const resampled = bootstrap(
      wanted.map(({ statistic }) => statistic),
      { classes, clusters, replicates, seed },
    );
    redrawn = resampled.redrawn;
    for (const [i, { model, metric }] of wanted.entries())
      drawn.get(model)!.set(metric, resampled.values[i]!);
  }
  const combined = (
    of: readonly Model[],
    metric: string,
    combine: (values: number[]) => number,
  ): Estimate | null => {
    const values = of.map((model) => metricOf(model, metric));
    const replicatesOf = of.map((model) => drawn.get(model)?.get(metric));
    if (values.includes(null) || replicatesOf.includes(undefined)) return null;
    const combinedReplicates = replicatesOf[0]!.map((_, r) => combine(replicatesOf.map((each) => each![r]!)));
    return bootstrapEstimate(combine(values as number[]), combinedReplicates);
  };
  const of: Sampling['of'] = (model, metric) => {
    if (metric !== 'roc_auc') return combined([model], metric, ([value]) => value!);
    return model.placements && aucEstimate(model.placements, clusters);
  };
  const difference: Sampling['difference'] = (first, second, metric) => {
    if (metric !== 'roc_auc') return combined([first, second], metric, ([a, b]) => a! - b!);
    if (first.placements === null || second.placements === null) return null;
    return aucDifference(first.placements, second.placements, clusters);
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
    clustered: clusters !== null,
    replicates,
    redrawn,
  };
}

/** The end of each class's rows. */
function classEnds(n: number, classAt: (row: number) => number): number[] {
  const ends: number[] = [];
  for (let row = 1; row <= n; row++) if (row === n || classAt(row) !== classAt(row - 1)) ends.push(row);
  return ends;
}
