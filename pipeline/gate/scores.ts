import { byCodePoint } from '../code-points.ts';
import { type ScoreFileError, shown } from '../errors.ts';
import { formatCount } from '../format.ts';
import type { Problem } from '../metrics.ts';
import type {
  BinaryScores,
  MulticlassScores,
  RegressionScores,
  Rows,
  Scores,
  SliceColumn,
} from '../statistics/scores.ts';
import { RowIndex } from '../tables/row-index.ts';
import { type ScoreTable, withScores } from './score-table.ts';

export interface ReadOptions {
  problem: Problem;
  /** Binary: the text of the positive class, if labels are not 0 and 1. */
  positive?: string | null;
  /** The column of each row's group, which is no slice (group-column.ts). @default null */
  group?: string | null;
}

/** Most slice columns: with more, no slice could be judged at the level that it would get. */
const MOST_SLICE_COLUMNS = 500;

/** Largest distance from 1 of the sum of a row's class probabilities; allows for rounding to 4 decimals. */
export const SUM_TOLERANCE = 1e-3;

/**
 * Reads a score file: `row_id,label,score` (binary), `row_id,label,score_CLASS...` (multiclass) or
 * `row_id,label,predicted` (regression, or labels only), columns in any order; further columns are slices,
 * but for that of the group.
 *
 * @param file path of a CSV file with a header, or of a parquet file
 * @throws ScoreFileError if anything is missing, malformed, not finite or ambiguous
 */
export async function readScores(file: string, options: ReadOptions): Promise<Scores> {
  return await withScores(file, async (table) => ({ source: file, ...(await readRows(table, options)) }));
}

async function readRows(table: ScoreTable, options: ReadOptions): Promise<Omit<Rows, 'source'> & Output> {
  checkHeader(table);
  const outputs = outputColumns(table, options.problem);
  const { group = null } = options;
  if (group !== null) requireColumn(table, group, ', by which data.split groups the rows');
  const used = new Set(['row_id', 'label', ...outputs, ...(group === null ? [] : [group])]);
  checkSliceColumns(table, used);
  const parser = PARSERS[options.problem](table, outputs, options);
  const idColumn = table.header.indexOf('row_id');
  const slices = table.header.flatMap((name, column) =>
    used.has(name) ? [] : [new SliceBuilder(name, column, table.mostRows)],
  );
  const groups = group === null ? null : new SliceBuilder(group, table.header.indexOf(group), table.mostRows);
  const ids: string[] = [];
  const positions = new Int32Array(table.mostRows);
  while (await table.load()) {
    while (table.next()) {
      const row = ids.length;
      const id = table.field(idColumn);
      if (id === '') throw table.error(idColumn, 'the id of the row');
      ids.push(id);
      positions[row] = table.position;
      parser.row(row);
      for (const slice of slices) slice.add(row, table.field(slice.column));
      if (groups !== null) {
        const value = table.field(groups.column);
        if (value === '') throw table.error(groups.column, 'the group of the row');
        groups.add(row, value);
      }
    }
  }
  if (ids.length === 0) throw table.errorAt(1, null, 'a header and no rows', 'at least one row');
  refuseRepeats(ids, positions, table);
  return {
    ids,
    positions: positions.slice(0, ids.length),
    slices: new Map(slices.map((slice) => [slice.name, slice.finish(ids.length)])),
    ...(groups === null ? {} : { groups: groups.finish(ids.length) }),
    ...parser.finish(ids.length),
  };
}

function refuseRepeats(ids: string[], positions: Int32Array, table: ScoreTable): void {
  const index = new RowIndex(ids);
  for (let row = 0; row < ids.length; row++) {
    const known = index.add(row);
    if (known === -1) continue;
    const found = `${shown(ids[row]!)} again, first at ${positions[known]}`;
    throw table.errorAt(positions[row]!, 'row_id', found, 'each row once');
  }
}

function checkHeader(table: ScoreTable): void {
  const seen = new Set<string>();
  for (const [column, name] of table.header.entries()) {
    if (name === '') throw table.errorAt(1, String(column + 1), 'a column without a name', 'a name');
    if (seen.has(name)) throw table.errorAt(1, name, 'the column twice', 'each column once');
    seen.add(name);
  }
  for (const name of ['row_id', 'label']) requireColumn(table, name);
}

function checkSliceColumns(table: ScoreTable, used: ReadonlySet<string>): void {
  const slices = table.header.filter((name) => !used.has(name));
  if (slices.length <= MOST_SLICE_COLUMNS) return;
  const found = `${formatCount(slices.length)} columns of slices, from this one on`;
  const expected = `at most ${formatCount(MOST_SLICE_COLUMNS)}: leave out columns that divide no rows (mlops.yaml: data.slices)`;
  throw table.errorAt(1, slices[0]!, found, expected);
}

function requireColumn(table: ScoreTable, name: string, or = ''): void {
  const { header } = table;
  if (!header.includes(name)) {
    throw table.errorAt(
      1,
      name,
      `no such column, but ${header.slice(0, 20).map(shown).join(', ')}`,
      `${name}${or}`,
    );
  }
}

/** The columns that hold the model's predictions. */
function outputColumns(table: ScoreTable, problem: Problem): string[] {
  const { header } = table;
  if (problem === 'regression') {
    requireColumn(table, 'predicted');
    return ['predicted'];
  }
  const probabilities =
    problem === 'binary'
      ? header.filter((name) => name === 'score')
      : header.filter((name) => name.startsWith('score_'));
  if (header.includes('predicted')) {
    if (probabilities.length === 0) return ['predicted'];
    throw table.errorAt(1, 'predicted', `both predicted and ${probabilities[0]}`, 'one of them');
  }
  if (problem === 'binary') requireColumn(table, 'score', ' (or predicted, for labels only)');
  else if (probabilities.length < 2) {
    const expected = 'score_CLASS for each of two or more classes (or predicted, for labels only)';
    throw table.errorAt(
      1,
      'score_CLASS',
      probabilities.length === 0 ? 'no such column' : `only ${probabilities[0]}`,
      expected,
    );
  }
  if (probabilities.includes('score_'))
    throw table.errorAt(1, 'score_', 'no class in the name', 'score_CLASS');
  return probabilities;
}

class SliceBuilder {
  readonly name: string;
  readonly column: number;
  readonly #codes: Uint32Array;
  readonly #codeOf = new Map<string, number>();

  constructor(name: string, column: number, mostRows: number) {
    this.name = name;
    this.column = column;
    this.#codes = new Uint32Array(mostRows);
  }

  add(row: number, value: string): void {
    let code = this.#codeOf.get(value);
    if (code === undefined) {
      code = this.#codeOf.size;
      this.#codeOf.set(value, code);
    }
    this.#codes[row] = code;
  }

  finish(rows: number): SliceColumn {
    return { values: [...this.#codeOf.keys()], codes: this.#codes.slice(0, rows) };
  }
}

/** Collects the label and the prediction of each row. */
interface Parser {
  row(row: number): void;
  finish(rows: number): Output;
}

type Output = OutputOf<BinaryScores> | OutputOf<MulticlassScores> | OutputOf<RegressionScores>;
type OutputOf<T> = Omit<T, keyof Rows>;

const PARSERS = { binary: binaryParser, multiclass: multiclassParser, regression: regressionParser };

function binaryParser(table: ScoreTable, [output]: string[], { positive }: ReadOptions): Parser {
  const labelColumn = table.header.indexOf('label');
  const outputColumn = table.header.indexOf(output!);
  const vocabulary = new BinaryVocabulary(positive ?? null);
  const isTyped = /^(?:true|false|-?\d+\.\d+)$/.test(positive ?? '');
  const labels = new Uint8Array(table.mostRows);
  const code = (column: number): number => {
    const text = isTyped ? table.field(column) : table.label(column);
    const known = vocabulary.codeOf.get(text);
    return known ?? vocabulary.add(text, (expected) => table.error(column, expected));
  };
  if (output === 'predicted') {
    const predicted = new Uint8Array(table.mostRows);
    return {
      row(row) {
        labels[row] = code(labelColumn);
        predicted[row] = code(outputColumn);
      },
      finish: (rows) => ({
        problem: 'binary',
        classes: vocabulary.classes(),
        labels: vocabulary.asPositives(labels.slice(0, rows)),
        scores: null,
        predicted: vocabulary.asPositives(predicted.slice(0, rows)),
      }),
    };
  }
  const scores = new Float64Array(table.mostRows);
  return {
    row(row) {
      labels[row] = code(labelColumn);
      scores[row] = probability(table, outputColumn);
    },
    finish: (rows) => ({
      problem: 'binary',
      classes: vocabulary.classes(),
      labels: vocabulary.asPositives(labels.slice(0, rows)),
      scores: scores.slice(0, rows),
      predicted: null,
    }),
  };
}

/** Codes of at most two label texts: 0 and 1, or the positive class and one other. */
class BinaryVocabulary {
  readonly codeOf = new Map<string, number>();
  readonly #positive: string | null;

  constructor(positive: string | null) {
    this.#positive = positive;
  }

  /** Adds a new text; its code is its place in the order of appearance. */
  add(text: string, error: (expected: string) => ScoreFileError): number {
    const known = [...this.codeOf.keys()];
    const all = [...known, text];
    const others = all.filter((label) => label !== this.#positive);
    if (!all.every(isDigit) && (this.#positive === null || others.length > 1 || text === '')) {
      throw error(this.#expected(known));
    }
    this.codeOf.set(text, known.length);
    return known.length;
  }

  #expected(known: string[]): string {
    if (this.#positive === null) return '0 or 1 (or set data.positive to the text of the positive class)';
    const other = known.find((label) => label !== this.#positive);
    if (known.length > 0 && known.every(isDigit) && !known.includes(this.#positive))
      return '0 or 1, as in the rows before';
    return `${shown(this.#positive)} (the positive class) or ${other === undefined ? 'one other label' : shown(other)}`;
  }

  classes(): [negative: string, positive: string] {
    const known = [...this.codeOf.keys()];
    const positive = known.every(isDigit) ? '1' : this.#positive!;
    return [known.find((label) => label !== positive) ?? (positive === '1' ? '0' : ''), positive];
  }

  /** Turns codes into 1 for the positive class and 0 for the other, in place. */
  asPositives(codes: Uint8Array): Uint8Array {
    const positive = this.codeOf.get(this.classes()[1]);
    for (let i = 0; i < codes.length; i++) codes[i] = codes[i] === positive ? 1 : 0;
    return codes;
  }
}

const isDigit = (label: string): boolean => label === '0' || label === '1';

function probability(table: ScoreTable, column: number): number {
  const value = table.number(column);
  if (!(value >= 0 && value <= 1)) throw table.error(column, 'a probability from 0 to 1');
  return value + 0; // -0 is 0
}

function multiclassParser(table: ScoreTable, outputs: string[]): Parser {
  const labelColumn = table.header.indexOf('label');
  if (outputs[0] === 'predicted')
    return labelsOnlyParser(table, labelColumn, table.header.indexOf('predicted'));
  const classes = outputs.map((name) => name.slice('score_'.length)).sort(byCodePoint);
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  const columns = classes.map((name) => table.header.indexOf(`score_${name}`));
  const labels = new Int32Array(table.mostRows);
  const scores = new Float64Array(table.mostRows * classes.length);
  return {
    row(row) {
      const label = indexOf.get(table.field(labelColumn)) ?? indexOf.get(table.label(labelColumn));
      if (label === undefined)
        throw table.error(labelColumn, `one of ${classes.slice(0, 20).map(shown).join(', ')}`);
      labels[row] = label;
      let sum = 0;
      for (let k = 0; k < columns.length; k++) {
        const value = probability(table, columns[k]!);
        scores[row * columns.length + k] = value;
        sum += value;
      }
      if (!(Math.abs(sum - 1) <= SUM_TOLERANCE)) {
        const names = `${outputs[0]} to ${outputs.at(-1)}`;
        throw table.errorAt(
          table.position,
          names,
          `probabilities that add up to ${sum}`,
          `1, give or take ${SUM_TOLERANCE}`,
        );
      }
    },
    finish: (rows) => ({
      problem: 'multiclass',
      classes,
      labels: labels.slice(0, rows),
      scores: scores.slice(0, rows * classes.length),
      predicted: null,
    }),
  };
}

function labelsOnlyParser(table: ScoreTable, labelColumn: number, outputColumn: number): Parser {
  const labels = new Int32Array(table.mostRows);
  const predicted = new Int32Array(table.mostRows);
  const codeOf = new Map<string, number>();
  const code = (column: number): number => {
    const text = table.label(column);
    if (text === '') throw table.error(column, 'a label');
    let found = codeOf.get(text);
    if (found === undefined) {
      found = codeOf.size;
      codeOf.set(text, found);
    }
    return found;
  };
  return {
    row(row) {
      labels[row] = code(labelColumn);
      predicted[row] = code(outputColumn);
    },
    finish(rows) {
      const classes = [...codeOf.keys()].sort(byCodePoint);
      const places = [...codeOf.keys()].map((name) => classes.indexOf(name));
      const inOrder = (codes: Int32Array) => codes.slice(0, rows).map((known) => places[known]!);
      return {
        problem: 'multiclass',
        classes,
        labels: inOrder(labels),
        scores: null,
        predicted: inOrder(predicted),
      };
    },
  };
}

function regressionParser(table: ScoreTable): Parser {
  const labelColumn = table.header.indexOf('label');
  const outputColumn = table.header.indexOf('predicted');
  const labels = new Float64Array(table.mostRows);
  const predicted = new Float64Array(table.mostRows);
  const finite = (column: number): number => {
    const value = table.number(column);
    if (!Number.isFinite(value)) throw table.error(column, 'a finite number');
    return value;
  };
  return {
    row(row) {
      labels[row] = finite(labelColumn);
      predicted[row] = finite(outputColumn);
    },
    finish: (rows) => ({
      problem: 'regression',
      labels: labels.slice(0, rows),
      predicted: predicted.slice(0, rows),
    }),
  };
}
