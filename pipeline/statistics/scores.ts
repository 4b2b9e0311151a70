/** A column that divides the rows into slices. */
export interface SliceColumn {
  /** The k distinct values, in order of appearance. */
  values: string[];
  /** For each row, an index into `values`. */
  codes: Uint32Array;
}

export interface Rows {
  /** The file, for messages. */
  source: string;
  /** n distinct texts. */
  ids: string[];
  slices: Map<string, SliceColumn>;
  /** The group of each row, where rows of a group are not independent; absent: each row stands for itself. */
  groups?: SliceColumn;
  /** Position of each row in the source, from 1: line in CSV, row in parquet. null for rows made in memory. */
  positions: Int32Array | null;
}

export interface BinaryScores extends Rows {
  problem: 'binary';
  /** The texts of the negative and the positive class. */
  classes: [negative: string, positive: string];
  /** n values, 1 for the positive class. */
  labels: Uint8Array;
  /** n probabilities of the positive class; null if the model gives labels only. */
  scores: Float64Array | null;
  /** n predicted labels if the model gives labels only. */
  predicted: Uint8Array | null;
}

export interface MulticlassScores extends Rows {
  problem: 'multiclass';
  /** The k classes in code-point order. */
  classes: string[];
  /** n indices into `classes`. */
  labels: Int32Array;
  /** n rows of k probabilities, row after row; null if the model gives labels only. */
  scores: Float64Array | null;
  /** n indices into `classes` if the model gives labels only. */
  predicted: Int32Array | null;
}

export interface RegressionScores extends Rows {
  problem: 'regression';
  /** n true values. */
  labels: Float64Array;
  /** n predicted values. */
  predicted: Float64Array;
}

export type Scores = BinaryScores | MulticlassScores | RegressionScores;

/** The number of rows of the positive class; null if the problem is not binary. */
export const positivesOf = (rows: Scores): number | null =>
  rows.problem === 'binary' ? rows.labels.reduce((sum, label) => sum + label, 0) : null;

/** Selects rows by number, in the given order. */
export function pick<T extends Scores>(scores: T, rows: Uint32Array): T {
  const n = scores.ids.length;
  const take = <A extends Uint8Array | Int32Array | Uint32Array | Float64Array>(values: A): A => {
    const width = values.length / n;
    const taken = new (values.constructor as new (length: number) => A)(rows.length * width);
    for (let i = 0; i < rows.length; i++) {
      for (let k = 0; k < width; k++) taken[i * width + k] = values[rows[i]! * width + k]!;
    }
    return taken;
  };
  const slices = [...scores.slices].map(
    ([name, { values, codes }]) => [name, { values, codes: take(codes) }] as const,
  );
  return {
    ...scores,
    ids: Array.from(rows, (row) => scores.ids[row]!),
    positions: scores.positions === null ? null : take(scores.positions),
    slices: new Map(slices),
    ...(scores.groups ? { groups: { ...scores.groups, codes: take(scores.groups.codes) } } : {}),
    labels: take(scores.labels),
    ...('scores' in scores ? { scores: scores.scores === null ? null : take(scores.scores) } : {}),
    predicted: scores.predicted === null ? null : take(scores.predicted),
  };
}
