/**
 * The non-decreasing sequence that is closest to `values` in weighted squares, by pooling adjacent violators (Ayer et al.,
 * Annals of Mathematical Statistics 26, 1955, 641). An entry of weight 0 takes the value before it (the first ones, the value after).
 *
 * @param values in order of the score; with weight 0, any
 * @param weights at least 0
 */
export function isotonic(values: ArrayLike<number>, weights: ArrayLike<number>): Float64Array {
  const n = values.length;
  const fitted = new Float64Array(n);
  const means = new Float64Array(n);
  const sizes = new Float64Array(n);
  const ends = new Int32Array(n);
  let blocks = 0;
  for (let i = 0; i < n; i++) {
    const weight = weights[i]!;
    if (weight === 0 && blocks > 0) {
      ends[blocks - 1] = i + 1;
      continue;
    }
    let mean = weight === 0 ? 0 : values[i]!;
    let size = weight;
    while (blocks > 0 && (means[blocks - 1]! >= mean || sizes[blocks - 1] === 0)) {
      blocks--;
      const total = size + sizes[blocks]!;
      if (total > 0) mean = (mean * size + means[blocks]! * sizes[blocks]!) / total;
      size = total;
    }
    means[blocks] = mean;
    sizes[blocks] = size;
    ends[blocks] = i + 1;
    blocks++;
  }
  let start = 0;
  for (let block = 0; block < blocks; block++) {
    fitted.fill(means[block]!, start, ends[block]!);
    start = ends[block]!;
  }
  return fitted;
}
