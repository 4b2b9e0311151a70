const { exp, expm1, log, log1p, max, min } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/**
 * Two detectors that read losses in [0, 1] one by one and may be looked at after every one. Both bet against "the mean loss is
 * at most the limit": a bet lambda multiplies its wealth by 1 + lambda (loss - limit), whose mean is then at most 1.
 *
 * - e-SR (Shin, Ramdas and Rinaldo, "E-detectors", New England Journal of Statistics in Data Science 2, 2024): R = (R + labels)
 *   (1 + lambda (loss - limit)), so that R less the labels read is a supermartingale: an alarm at R >= A comes, while the mean
 *   is at most the limit, after A labels or more on average. It finds a change soon, whenever it comes.
 * - e-process (Waudby-Smith and Ramdas, JRSS B 86, 2024; Podkopaev and Ramdas, arXiv 2110.06177): the product of the factors.
 *   By Ville's inequality its largest value ever reaches 1 / alpha with probability alpha at most, while the mean is at most
 *   the limit. It answers whether the limit was breached on the whole so far.
 *
 * Each is the mean over seven bets, so that small and large losses are both found. The state is plain JSON.
 */
export interface DetectorState {
  /** The largest mean loss that is no decay, in (0, 1). */
  limit: number;
  /** In (0, 1 / limit). */
  lambdas: number[];
  /** R of each bet. */
  restart: number[];
  /** The largest mean of R so far. */
  restartHighest: number;
  /** Logarithm of each bet's product. */
  breach: number[];
  /** The logarithm of the largest mean of the products so far. */
  breachHighest: number;
  /** Losses read, their sum, and that of their squares. */
  terms: number;
  sum: number;
  squares: number;
  /** Labels that they stand for. */
  labels: number;
}

const BETS = 7;

/** Beyond it R counts no further, so that it stays finite. No alarm waits for as much. */
const MOST = 1e300;

/** @param limit in (0, 1) */
export function startDetectors(limit: number): DetectorState {
  if (!(limit > 0 && limit < 1))
    throw new RangeError(`startDetectors: got the limit ${limit}, expected a number between 0 and 1`);
  const lambdas = Array.from({ length: BETS }, (_, k) => 2 ** -(k + 1) / limit);
  return {
    limit,
    lambdas,
    restart: lambdas.map(() => 0),
    restartHighest: 0,
    breach: lambdas.map(() => 0),
    breachHighest: 0,
    terms: 0,
    sum: 0,
    squares: 0,
    labels: 0,
  };
}

/**
 * Reads losses in order. The same losses in pieces give the same state to the last digit.
 *
 * @param labels how many labels each loss stands for, above 0
 * @returns a new state
 * @throws RangeError for a loss that is not in [0, 1]
 */
export function readLosses(state: DetectorState, losses: ArrayLike<number>, labels = 1): DetectorState {
  const { limit, lambdas } = state;
  const restart = [...state.restart];
  const breach = [...state.breach];
  let { restartHighest, breachHighest, labels: read, sum: total, squares } = state;
  for (let i = 0; i < losses.length; i++) {
    const loss = losses[i]!;
    if (!(loss >= 0 && loss <= 1))
      throw new RangeError(`readLosses: loss ${i} is ${loss}, expected a number from 0 to 1`);
    let sum = 0;
    for (let k = 0; k < lambdas.length; k++) {
      const gain = lambdas[k]! * (loss - limit);
      restart[k] = min(MOST, (restart[k]! + labels) * (1 + gain));
      breach[k]! += log1p(gain);
      sum += restart[k]! / lambdas.length;
    }
    read += labels;
    total += loss;
    squares += loss * loss;
    restartHighest = max(restartHighest, sum);
    breachHighest = max(breachHighest, logMean(breach));
  }
  return {
    ...state,
    restart,
    restartHighest,
    breach,
    breachHighest,
    terms: state.terms + losses.length,
    sum: total,
    squares,
    labels: read,
  };
}

/** The logarithm of the mean of numbers that are given by their logarithms. */
export function logMean(logs: readonly number[]): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (const value of logs) largest = max(largest, value);
  let sum = 0;
  for (const value of logs) sum += exp(value - largest);
  return largest + log(sum / logs.length);
}

/** The mean of the e-SR detector's bets now. */
export const restartMean = ({ restart }: DetectorState): number =>
  restart.reduce((sum, value) => sum + value / restart.length, 0);

/** Whether e-SR has ever reached `meanLabels`. */
export const isRestartAlarm = (state: DetectorState, meanLabels: number): boolean =>
  state.restartHighest >= meanLabels;

/** Whether the e-process has ever reached 1 / alpha. */
export const isBreach = (state: DetectorState, alpha: number): boolean => state.breachHighest >= -log(alpha);

/**
 * The smallest mean loss, had it held since the first label, at which e-SR would by now have alarmed about as likely as not: where
 * the best bet's mean growth brings R to the alarm. Losses are supposed to vary as those that were read, and more so where
 * their mean is higher.
 *
 * @returns null if no loss would have been found with so few labels
 */
export function smallestLoss(state: DetectorState, meanLabels: number): number | null {
  const { limit, lambdas, terms, labels } = state;
  if (terms === 0) return null;
  const each = labels / terms;
  const target = log(meanLabels * lambdas.length);
  const mean = state.sum / terms;
  const widest = mean * (1 - mean);
  // Of losses with this mean, those that are 0 or 1 have a share of 1.
  const share = widest > 0 ? max(0, state.squares / terms - mean * mean) / widest : 1;
  const reached = (loss: number) => {
    // Losses of 0 and of one other size, with this mean and variance.
    const size = loss + share * (1 - loss);
    return lambdas.some((lambda) => {
      const isLarge = loss / size;
      const growth = isLarge * log1p(lambda * (size - limit)) + (1 - isLarge) * log1p(-lambda * limit);
      // R is the sum of `each` times e^(growth * i) over the last i terms.
      const sum =
        growth <= 1e-12 ? log(terms) : growth * terms + log1p(-exp(-growth * terms)) - log(-expm1(-growth));
      return log(each) + sum >= target;
    });
  };
  if (!reached(1)) return null;
  let low = limit;
  let high = 1;
  while (high - low > 1e-6) {
    const middle = (low + high) / 2;
    if (reached(middle)) high = middle;
    else low = middle;
  }
  return high;
}
