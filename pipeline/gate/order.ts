/** Rows in ascending order of score; equal scores keep no particular order. */
export interface Order {
  /** n row numbers. */
  rows: Uint32Array;
  /** The scores in that order. */
  sorted: Float64Array;
}

/**
 * An O(n) radix sort on the upper 32 bits of each float64; the runs that share those bits are then put right by
 * their full values.
 *
 * @param scores n finite numbers
 */
export function ascendingOrder(scores: Float64Array): Order {
  const n = scores.length;
  const words = new Uint32Array(scores.buffer, scores.byteOffset, 2 * n);
  let keys = new Uint32Array(n);
  let rows = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    keys[i] = sortableBits(words[2 * i + HIGH]!, words[2 * i + 1 - HIGH]!);
    rows[i] = i;
  }
  let otherKeys = new Uint32Array(n);
  let otherRows = new Uint32Array(n);
  const bits = n > 20_000 ? 16 : 11; // two passes where their tables pay, else three
  for (let shift = 0; shift < 32; shift += bits) {
    scatter({ keys, rows }, { keys: otherKeys, rows: otherRows }, shift, bits);
    [keys, otherKeys] = [otherKeys, keys];
    [rows, otherRows] = [otherRows, rows];
  }
  const sorted = new Float64Array(n);
  for (let i = 0; i < n; i++) sorted[i] = scores[rows[i]!]!;
  for (let start = 0, end = 1; start < n; start = end++) {
    while (end < n && keys[end] === keys[start]) end++;
    if (end - start > 1) sortRun(rows, sorted, start, end);
  }
  return { rows, sorted };
}

interface Keyed {
  keys: Uint32Array;
  rows: Uint32Array;
}

/** One stable pass by the digit of `bits` bits at `shift`. */
function scatter(from: Keyed, to: Keyed, shift: number, bits: number): void {
  const { keys, rows } = from;
  const { keys: toKeys, rows: toRows } = to;
  const mask = (1 << bits) - 1;
  const places = new Uint32Array(mask + 1);
  for (let i = 0; i < keys.length; i++) places[(keys[i]! >>> shift) & mask]!++;
  let before = 0;
  for (let digit = 0; digit <= mask; digit++) {
    const count = places[digit]!;
    places[digit] = before;
    before += count;
  }
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const place = places[(key >>> shift) & mask]!++;
    toKeys[place] = key;
    toRows[place] = rows[i]!;
  }
}

/** Which of a float64's two words holds the sign: 1 where the machine is little-endian. */
const HIGH = new Uint8Array(Uint32Array.of(1).buffer)[0]!;

/** The upper word so that unsigned order is numeric order; -0 counts as 0. */
function sortableBits(high: number, low: number): number {
  if (high < 0x80000000) return (high | 0x80000000) >>> 0;
  return high === 0x80000000 && low === 0 ? 0x80000000 : ~high >>> 0;
}

/** Insertion for short or already ordered (tied) runs, else the engine's own sort. */
function sortRun(rows: Uint32Array, sorted: Float64Array, start: number, end: number): void {
  if (end - start > 32) {
    let ordered = start + 1;
    while (ordered < end && sorted[ordered - 1]! <= sorted[ordered]!) ordered++;
    if (ordered === end) return;
    const run = sorted.slice(start, end);
    const places = Uint32Array.from(run, (_, i) => i).sort((a, b) => run[a]! - run[b]!);
    const runRows = rows.slice(start, end);
    for (const [i, place] of places.entries()) {
      rows[start + i] = runRows[place]!;
      sorted[start + i] = run[place]!;
    }
    return;
  }
  for (let i = start + 1; i < end; i++) {
    const row = rows[i]!;
    const score = sorted[i]!;
    let j = i;
    for (; j > start && sorted[j - 1]! > score; j--) {
      rows[j] = rows[j - 1]!;
      sorted[j] = sorted[j - 1]!;
    }
    rows[j] = row;
    sorted[j] = score;
  }
}
