const { exp, log, log1p } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/** P(X <= k) of k >= 0 successes in n trials with probability p in (0, 1). */
function lowerTail(k: number, n: number, p: number): number {
  const odds = log(p) - log1p(-p);
  // The sum of the terms, relative to the largest so far, so that none underflows.
  let term = n * log1p(-p);
  let largest = term;
  let sum = 1;
  for (let i = 1; i <= k; i++) {
    term += log((n - i + 1) / i) + odds;
    if (term > largest) {
      sum = sum * exp(largest - term) + 1;
      largest = term;
    } else sum += exp(term - largest);
  }
  return Math.min(1, exp(largest) * sum);
}

/**
 * Clopper and Pearson's one-sided upper bound of a probability: were it larger, so few successes would have a probability
 * of less than 1 - confidence.
 *
 * @param successes whole, from 0 to `trials`
 * @param confidence in (0, 1)
 */
export function upperBound(successes: number, trials: number, confidence: number): number {
  check(successes, trials, confidence);
  if (successes === trials) return 1;
  return root((p) => lowerTail(successes, trials, p) > 1 - confidence);
}

/** The one-sided lower bound, like upperBound. */
export function lowerBound(successes: number, trials: number, confidence: number): number {
  check(successes, trials, confidence);
  if (successes === 0) return 0;
  return root((p) => lowerTail(successes - 1, trials, p) > confidence);
}

function check(successes: number, trials: number, confidence: number): void {
  const isCount = (count: number) => Number.isSafeInteger(count) && count >= 0;
  if (!isCount(successes) || !isCount(trials) || successes > trials)
    throw new RangeError(
      `got ${successes} of ${trials}, expected whole numbers, the first at most the second`,
    );
  if (!(confidence > 0 && confidence < 1))
    throw new RangeError(`got the confidence ${confidence}, expected a number between 0 and 1`);
}

/** Where a condition that holds of small p stops to hold, to 1e-12. */
function root(holds: (p: number) => boolean): number {
  let low = 0;
  let high = 1;
  while (high - low > 1e-12) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
