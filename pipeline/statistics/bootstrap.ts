import type { Statistic } from './metrics.ts';
import { Random } from './random.ts';

const { floor, min, sqrt } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/**
 * A paired, stratified bootstrap: each replicate draws rows with replacement within each stratum and passes the same
 * counts to every statistic, so that models stay paired.
 *
 * @param strata the end of each stratum; rows are in order of stratum
 * @returns for each statistic, its value in each replicate
 */
export function bootstrap(
  statistics: readonly Statistic[],
  { strata, replicates, seed }: { strata: readonly number[]; replicates: number; seed: number },
): Float64Array[] {
  const random = new Random(seed);
  // A Uint8Array suffices: the probability of a count above 255 is below 1e-500 in a stratum of any size.
  const weights = new Uint8Array(strata.at(-1) ?? 0);
  const values = statistics.map(() => new Float64Array(replicates));
  for (let replicate = 0; replicate < replicates; replicate++) {
    weights.fill(0);
    let start = 0;
    for (const end of strata) {
      random.resample(weights, start, end);
      start = end;
    }
    for (let i = 0; i < statistics.length; i++) values[i]![replicate] = statistics[i]!(weights);
  }
  return values;
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

  /** The p at which `quantile` crosses 0: 0 if all replicates are above 0, 1 if none is. */
  get shareUpTo0(): number {
    return shareUpTo0(this.#sorted.length, (i) => this.#sorted[i]!);
  }

  /** The same from the upper end. */
  get shareFrom0(): number {
    return shareUpTo0(this.#sorted.length, (i) => -this.#sorted.at(-1 - i)!);
  }
}

function shareUpTo0(n: number, at: (place: number) => number): number {
  let above = 0;
  while (above < n && at(above) <= 0) above++;
  if (above === 0 || above === n) return above / n;
  return (above - 1 - at(above - 1) / (at(above) - at(above - 1))) / (n - 1);
}
