import type { Clusters } from './clusters.ts';
import type { Statistic } from './metrics.ts';
import { Random } from './random.ts';

const { floor, min, sqrt } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/** Draws so far, in every bootstrap. */
let draws = 0;

export interface Resampled {
  /** For each statistic, its value in each replicate. */
  values: Float64Array[];
  /** How many replicates had no row of a class and were drawn again. */
  redrawn: number;
}

/** Most draws for each replicate that is kept; beyond them the rest has no value. */
const MOST_DRAWS_EACH = 20;

/**
 * A paired bootstrap over all rows (Davison and Hinkley 1997, chapters 2 and 3): each replicate draws as many rows as
 * there are, with replacement, and passes the same counts to every statistic, so that models stay paired. The sizes of
 * the classes vary as they do from holdout to holdout. With clusters it draws whole groups.
 *
 * @param classes the end of each class's rows; rows are in order of class. A replicate without a class is drawn again.
 */
export function bootstrap(
  statistics: readonly Statistic[],
  {
    classes,
    clusters = null,
    replicates,
    seed,
  }: { classes: readonly number[]; clusters?: Clusters | null; replicates: number; seed: number },
): Resampled {
  const random = new Random(seed);
  const n = classes.at(-1) ?? 0;
  // A Uint8Array suffices: the probability of a count above 255 is below 1e-500 with any number of rows.
  const weights = new Uint8Array(n);
  const groups = clusters && new Uint8Array(clusters.count);
  const values = statistics.map(() => new Float64Array(replicates).fill(Number.NaN));
  let redrawn = 0;
  for (let replicate = 0; replicate < replicates; ) {
    const total =
      groups === null ? drawRows(weights, random) : drawGroups(weights, groups, clusters!, random);
    if (!hasEveryClass(weights, classes)) {
      if (++redrawn > MOST_DRAWS_EACH * replicates) break;
      continue;
    }
    const draw = draws++;
    for (let i = 0; i < statistics.length; i++) values[i]![replicate] = statistics[i]!(weights, total, draw);
    replicate++;
  }
  return { values, redrawn };
}

function drawRows(weights: Uint8Array, random: Random): number {
  weights.fill(0);
  random.resample(weights, 0, weights.length);
  return weights.length;
}

function drawGroups(weights: Uint8Array, groups: Uint8Array, { codes }: Clusters, random: Random): number {
  groups.fill(0);
  random.resample(groups, 0, groups.length);
  let total = 0;
  for (let row = 0; row < weights.length; row++) {
    const count = groups[codes[row]!]!;
    weights[row] = count;
    total += count;
  }
  return total;
}

/** Stops at each class's first row that was drawn, so it costs little. */
function hasEveryClass(weights: Uint8Array, classes: readonly number[]): boolean {
  let row = 0;
  for (const end of classes) {
    while (row < end && weights[row] === 0) row++;
    if (row === end) return false;
    row = end;
  }
  return true;
}

/** Replicates of one quantity, in ascending order. */
export class Distribution {
  readonly #sorted: Float64Array;

  constructor(values: Float64Array) {
    this.#sorted = values.toSorted();
  }

  /** Whether every replicate has a value (NaN sorts last); otherwise there is no interval. */
  get isComplete(): boolean {
    return this.#sorted.length > 1 && !Number.isNaN(this.#sorted.at(-1));
  }

  /** Linear between order statistics (type 7, as numpy and R do by default). */
  quantile(p: number): number {
    const place = p * (this.#sorted.length - 1);
    const below = floor(place);
    const low = this.#sorted[below]!;
    const high = this.#sorted[min(below + 1, this.#sorted.length - 1)]!;
    return low + (place - below) * (high - low);
  }

  /** The sample standard deviation: the bootstrap's standard error. */
  get standardError(): number {
    const n = this.#sorted.length;
    const mean = this.#sorted.reduce((sum, value) => sum + value, 0) / n;
    return sqrt(this.#sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  }

  /** The p at which `quantile` crosses the limit: 0 if all replicates are above it, 1 if none is. */
  shareUpTo(limit: number): number {
    return shareUpTo(limit, this.#sorted.length, (i) => this.#sorted[i]!);
  }

  /** The same from the upper end. */
  shareFrom(limit: number): number {
    return shareUpTo(-limit, this.#sorted.length, (i) => -this.#sorted.at(-1 - i)!);
  }
}

function shareUpTo(limit: number, n: number, at: (place: number) => number): number {
  let above = 0;
  while (above < n && at(above) <= limit) above++;
  if (above === 0 || above === n) return above / n;
  return (above - 1 + (limit - at(above - 1)) / (at(above) - at(above - 1))) / (n - 1);
}
