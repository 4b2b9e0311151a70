import { ScoreFileError, shown } from '../errors.ts';
import { pick, type Scores } from '../statistics/scores.ts';
import { RowIndex } from '../tables/row-index.ts';

/**
 * Puts the other model's rows in the order of the first's. Both must have the same row ids, as text, and labels.
 *
 * @throws ScoreFileError if a row is missing, is not in the first's, or has another label
 */
export function joinTo<T extends Scores>(first: T, other: Scores): T {
  if (other.problem !== first.problem) {
    throw new ScoreFileError(
      { file: other.source },
      `scores of a ${other.problem} model`,
      `${first.problem}, as in ${first.source}`,
    );
  }
  const order = matchingRows(first, other);
  const joined = pick(other as T, order);
  const isSame = sameLabel(first, joined);
  for (let row = 0; row < order.length; row++) {
    if (isSame(row)) continue;
    const expected = `${shown(labelText(first, row))}, as ${where(first, row)}`;
    throw new ScoreFileError(
      { ...at(other, order[row]!), column: 'label' },
      shown(labelText(joined, row)),
      expected,
    );
  }
  return joined;
}

/** Selects the rows that every one of `views` has and that no model in `trained` was trained on. */
export function commonRows(
  views: readonly Scores[],
  trained: readonly ReadonlySet<string>[],
): <T extends Scores>(scores: T) => T {
  const kept = views.map(({ ids }) => new Set(ids));
  const isCommon = (id: string) => kept.every((ids) => ids.has(id)) && !trained.some((ids) => ids.has(id));
  const all = kept.length === 0 && trained.every((ids) => ids.size === 0);
  return (scores) =>
    all
      ? scores
      : pick(
          scores,
          Uint32Array.from(scores.ids.keys()).filter((row) => isCommon(scores.ids[row]!)),
        );
}

function matchingRows(first: Scores, other: Scores): Uint32Array {
  const order = new Uint32Array(first.ids.length);
  const index = new RowIndex(other.ids);
  const unmatched = new Uint8Array(other.ids.length).fill(1);
  for (let row = 0; row < other.ids.length; row++) index.add(row);
  for (const [row, id] of first.ids.entries()) {
    const match = index.find(id);
    if (match === -1) {
      const found = `no row ${shown(id)}`;
      throw new ScoreFileError(
        { file: other.source, column: 'row_id' },
        found,
        `one, as ${where(first, row)}`,
      );
    }
    order[row] = match;
    unmatched[match] = 0;
  }
  const row = unmatched.indexOf(1);
  if (row !== -1) {
    throw new ScoreFileError(
      { ...at(other, row), column: 'row_id' },
      shown(other.ids[row]!),
      `a row of ${first.source}`,
    );
  }
  return order;
}

/** Compares labels as text; if either binary file writes 0 and 1, compares them as positive or negative. */
function sameLabel(first: Scores, other: Scores): (row: number) => boolean {
  const isCoded = (scores: Scores) => scores.problem === 'binary' && scores.classes.join() === '0,1';
  if (first.problem === 'regression' || isCoded(first) || isCoded(other)) {
    return (row) => first.labels[row] === other.labels[row];
  }
  return (row) => labelText(first, row) === labelText(other, row);
}

function labelText(scores: Scores, row: number): string {
  const label = scores.labels[row]!;
  return scores.problem === 'regression' ? String(label) : scores.classes[label]!;
}

function at({ source, positions }: Scores, row: number): { file: string; line: number | null } {
  return { file: source, line: positions === null ? null : positions[row]! };
}

function where(scores: Scores, row: number): string {
  const { file, line } = at(scores, row);
  return line === null ? `in ${file}` : `on line ${line} of ${file}`;
}
