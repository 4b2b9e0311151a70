/**
 * Holm's adjusted p-values (Scandinavian Journal of Statistics 6, 1979, 65): rejecting those at most alpha keeps the chance of
 * any false rejection among all tests at alpha, however they depend on each other.
 *
 * @returns in the order given
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a]! - pValues[b]!);
  const adjusted = new Array<number>(pValues.length).fill(1);
  let largest = 0;
  for (const [rank, i] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * pValues[i]!));
    adjusted[i] = largest;
  }
  return adjusted;
}
