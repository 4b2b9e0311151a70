/** Rows in ascending order of score; equal scores are in no particular order. */
export interface Order {
  /** n row numbers. */
  rows: Uint32Array;
  /** The scores in that order. */
  sorted: Float64Array;
}

/** With fewer rows, the radix sort's tables cost more than they save. */
const FEW = 256;

/**
 * An O(n) radix sort by the upper 32 bits of each float64, 16 bits at a time. Runs that share those bits are then
 * sorted by their full values.
 *
 * @param scores n finite numbers
 */
export function ascendingOrder(scores: Float64Array): Order {
  if (scores.length < FEW) return orderByComparison(scores);
  const n = scores.length;
  const words = new Uint32Array(scores.buffer, scores.byteOffset, 2 * n);
  const lowPlaces = new Uint32Array(65536);
  const highPlaces = new Uint32Array(65536);
  for (let i = 0; i < n; i++) {
    const key = sortableBits(words[2 * i + HIGH]!, words[2 * i + 1 - HIGH]!);
    lowPlaces[key & 65535]!++;
    highPlaces[key >>> 16]!++;
  }
  toPlaces(lowPlaces);
  toPlaces(highPlaces);
  const work = new ArrayBuffer(8 * n);
  const keys = new Uint32Array(work, 0, n);
  const byLow = new Uint32Array(work, 4 * n, n);
  const rows = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    const key = sortableBits(words[2 * i + HIGH]!, words[2 * i + 1 - HIGH]!);
    const place = lowPlaces[key & 65535]!++;
    keys[place] = key;
    byLow[place] = i;
  }
  for (let i = 0; i < n; i++) rows[highPlaces[keys[i]! >>> 16]!++] = byLow[i]!;
  const sorted = new Float64Array(work); // overwrites the keys, which are no longer needed
  for (let i = 0; i < n; i++) sorted[i] = scores[rows[i]!]! + 0; // -0 becomes 0
  const sortedWords = new Uint32Array(work);
  for (let start = 0, end = 1; start < n; start = end++) {
    const high = sortedWords[2 * start + HIGH];
    while (end < n && sortedWords[2 * end + HIGH] === high) end++;
    if (end - start > 1) sortRun(rows, sorted, start, end);
  }
  return { rows, sorted };
}

function orderByComparison(scores: Float64Array): Order {
  const rows = Uint32Array.from(scores, (_, row) => row).sort((a, b) => scores[a]! - scores[b]!);
  return { rows, sorted: Float64Array.from(rows, (row) => scores[row]!) };
}

/** Turns counts into the place of each digit's first row. */
function toPlaces(counts: Uint32Array): void {
  let before = 0;
  for (let digit = 0; digit < counts.length; digit++) {
    const count = counts[digit]!;
    counts[digit] = before;
    before += count;
  }
}

/** Index of the word of a float64 that holds the sign: 1 on a little-endian machine. */
const HIGH = new Uint8Array(Uint32Array.of(1).buffer)[0]!;

/** The upper word, transformed so that unsigned order is numeric order; -0 counts as 0. */
function sortableBits(high: number, low: number): number {
  if (high < 0x80000000) return (high | 0x80000000) >>> 0;
  return high === 0x80000000 && low === 0 ? 0x80000000 : ~high >>> 0;
}

/** Sorts a run: insertion sort if it is short, nothing if it is ordered (tied), else the engine's own sort. */
function sortRun(rows: Uint32Array, sorted: Float64Array, start: number, end: number): void {
  if (end - start > 32) {
    let ordered = start + 1;
    while (ordered < end && sorted[ordered - 1]! <= sorted[ordered]!) ordered++;
    if (ordered === end) return;
    const run = orderByComparison(sorted.slice(start, end));
    const runRows = rows.slice(start, end);
    rows.set(
      run.rows.map((row) => runRows[row]!),
      start,
    );
    sorted.set(run.sorted, start);
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
