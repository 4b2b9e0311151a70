import type { Clusters } from './clusters.ts';
import type { Placements } from './delong.ts';

/**
 * The variance of an AUC, or of the difference of two, where the rows of a group are not independent: Obuchowski
 * (Biometrics 53, 1997, 567). It sums DeLong's placements by group, and groups are the units that vary. Where each row is
 * a group of its own it equals DeLong's.
 */
export function clusteredVariance(
  first: Placements,
  second: Placements | null,
  { count, codes }: Clusters,
): { variance: number; groups: { positives: number; negatives: number } } {
  const { labels, positives, negatives, doubled } = first;
  const other = second?.doubled;
  const total = first.total - (second?.total ?? 0);
  const means = [total / negatives, total / positives] as const;
  // By class: each group's sum of deviations from the mean, and its number of rows.
  const sums = [new Float64Array(count), new Float64Array(count)] as const;
  const sizes = [new Uint32Array(count), new Uint32Array(count)] as const;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as 0 | 1;
    sums[label][codes[i]!]! += doubled[i]! - (other === undefined ? 0 : other[i]!) - means[label];
    sizes[label][codes[i]!]!++;
  }
  const groups = [0, 0];
  const squares = [0, 0];
  let products = 0;
  for (let group = 0; group < count; group++) {
    for (const label of [0, 1] as const) {
      if (sizes[label][group] === 0) continue;
      groups[label]!++;
      squares[label]! += sums[label][group]! ** 2;
    }
    products += sums[0][group]! * sums[1][group]!;
  }
  const [withNegatives, withPositives] = groups as [number, number];
  // Placements are doubled and not yet divided by the other class's size; each sum is then divided by its own.
  const scale = (2 * positives * negatives) ** 2;
  const variance =
    ((squares[1]! * withPositives) / (withPositives - 1) +
      (squares[0]! * withNegatives) / (withNegatives - 1) +
      (2 * products * count) / (count - 1)) /
    scale;
  return { variance: Math.max(0, variance), groups: { positives: withPositives, negatives: withNegatives } };
}
