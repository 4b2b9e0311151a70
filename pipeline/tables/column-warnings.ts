import type { Config } from '../config/schema.ts';
import { shown } from '../errors.ts';
import { formatCount } from '../format.ts';
import { isMissing, isNumber, MARKER } from './cell.ts';
import { cellText } from './cell-text.ts';
import type { Cell, ColumnWatch } from './column-watch.ts';
import type { DecimalMark } from './dialect.ts';
import { placeText } from './place.ts';

/*
 * Sentences about columns that are probably not what they look like. `mlops_prepare.column_warnings` says the same in
 * the same words: `mlops validate` and the report of a run tell the same story.
 */

/** Largest share of cells that are no numbers, in a column that is text because of them alone. */
const FEW = 0.05;

/** Least share of a sample that a pattern has to fit. */
const MOST = 0.9;

/** Least cells, and least share of different ones among them, in a column that looks like an id. */
const LEAST_IDS = 20;
const DISTINCT = 0.95;

const SIGN = '[$€£¥₹%]|USD|EUR|GBP|CHF|JPY';
const DIGITS = "[0-9](?:[0-9.,' \\u00a0\\u202f]*[0-9])?";
const UNIT = new RegExp(`^[+-]?(?:(?:${SIGN}) ?[+-]?${DIGITS}|${DIGITS} ?(?:${SIGN}))$`);
const GROUPED = /^[+-]?[1-9][0-9]{0,2}(?:[,' \u00a0\u202f][0-9]{3})+(?:[.,][0-9]+)?$/;
const TIME = '(?:[T ][0-9]{1,2}:[0-9]{2}[^\\n]*)?';
const DATE = new RegExp(
  [
    `^[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}${TIME}$`,
    `^[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:[0-9]{2}|[0-9]{4})${TIME}$`,
    `^[0-9]{1,2}[- ][A-Za-z]{3,9}[- ](?:[0-9]{2}|[0-9]{4})${TIME}$`,
    '^[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\\.[0-9]+)?)?$',
  ].join('|'),
);

type Pattern = 'decimal' | 'grouped' | 'unit' | 'date';

/** Warnings about the columns; at most one about a column, and one of a kind, but for columns with a few slips. */
export function columnWarnings(
  columns: readonly ColumnWatch[],
  data: Pick<Config['data'], 'columns' | 'sensitive'>,
  decimal: DecimalMark,
): string[] {
  const types = data.columns;
  const kinds = new Map<string, [column: ColumnWatch, example: string][]>();
  const add = (kind: string, column: ColumnWatch, example = '') =>
    kinds.set(kind, [...(kinds.get(kind) ?? []), [column, example]]);
  for (const column of columns) {
    const isNamed = Object.hasOwn(types, column.name);
    const named = types[column.name] === 'number' ? 'number' : 'category';
    const declared = column.declared === 'category';
    const type = declared ? 'category' : isNamed ? named : column.type;
    if (column.kinds === 0 && column.sample.length === 0) add('empty', column);
    else if (type !== 'category') {
      if (column.constant !== null) add('constant', column);
      else if (column.kinds & MARKER) add(type, column);
    } else {
      const [pattern, example] = isNamed ? [undefined, ''] : patternOf(column.sample, decimal);
      const isNearlyNumeric = column.filled > column.others && column.others <= FEW * column.filled;
      if (pattern !== undefined && (!declared || pattern === 'date')) add(pattern, column, example);
      else if (!isNamed && !declared && isNearlyNumeric) add('few', column);
      else if (column.constant !== null) add('constant', column);
      else if (new Set(column.sample).size >= Math.max(LEAST_IDS, DISTINCT * column.sample.length))
        add('ids', column);
    }
  }
  return [...sentences(kinds, data, decimal)];
}

function* sentences(
  kinds: ReadonlyMap<string, [column: ColumnWatch, example: string][]>,
  data: Pick<Config['data'], 'sensitive'>,
  decimal: DecimalMark,
): Generator<string> {
  const of = (kind: string) => kinds.get(kind) ?? [];
  const subject = (kind: string) => {
    const names = of(kind).map(([{ name }]) => shown(name));
    const [column, example] = of(kind)[0] ?? [];
    const more = names.length - MOST_NAMES;
    const list = names.slice(0, MOST_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
    return {
      the: `The column${names.length > 1 ? 's' : ''} ${list}`,
      isOne: names.length === 1,
      example: cellText(example ?? '', column?.name ?? '', data),
    };
  };
  if (kinds.has('empty')) {
    const { the, isOne } = subject('empty');
    yield `${the} ${isOne ? 'is' : 'are'} empty in every row.`;
  }
  for (const type of ['number', 'boolean']) {
    if (!kinds.has(type)) continue;
    const { the, isOne } = subject(type);
    yield `${the} ${isOne ? `is a ${type}` : `are ${type}s`}: text such as NA or null in ${isOne ? 'it' : 'them'} was read as missing.`;
  }
  for (const [{ name, others, filled, firstOther }] of of('few').slice(0, MOST_NAMES)) {
    const count = others === 1 ? '1' : formatCount(others);
    yield `The column ${shown(name)} is text, because ${count} of its ${formatCount(filled)} values ${others === 1 ? 'is' : 'are'} no number: ${cellText(firstOther?.text ?? '', name, data)} (${placeOf(firstOther)}). Correct it and set data.columns: { ${keyOf(name)}: number }, or say that it is meant: data.columns: { ${keyOf(name)}: text }.`;
  }
  if (kinds.has('decimal')) {
    const { the, isOne, example } = subject('decimal');
    const [mark, other] = decimal === '.' ? ['comma', ','] : ['point', '.'];
    yield `${the} ${isOne ? 'holds' : 'hold'} numbers with a decimal ${mark}, such as ${example}, and ${isOne ? 'is' : 'are'} read as text: data.csv: { decimal: '${other}' } reads them as numbers.`;
  }
  if (kinds.has('grouped')) {
    const { the, isOne, example } = subject('grouped');
    yield `${the} ${isOne ? 'holds' : 'hold'} numbers whose digits are in groups, such as ${example}, and ${isOne ? 'is' : 'are'} read as text: write them without separators, or convert them in prepare.script.`;
  }
  if (kinds.has('unit')) {
    const { the, isOne, example } = subject('unit');
    yield `${the} ${isOne ? 'holds' : 'hold'} numbers with a sign, such as ${example}, and ${isOne ? 'is' : 'are'} read as text: write the numbers alone, or convert them in prepare.script.`;
  }
  if (kinds.has('date')) {
    const { the, isOne, example } = subject('date');
    yield `${the} ${isOne ? 'holds' : 'hold'} dates or times, such as ${example}, and ${isOne ? 'is a category' : 'are categories'}, without order: make numbers of them in prepare.script, or leave them out by data.features_exclude.`;
  }
  if (kinds.has('constant')) {
    const { the, isOne } = subject('constant');
    yield `${the} ${isOne ? 'has' : 'have'} the same value in every row, which tells a model nothing: data.exclude leaves ${isOne ? 'it' : 'them'} out.`;
  }
  if (kinds.has('ids')) {
    const { the, isOne } = subject('ids');
    yield `${the} ${isOne ? 'has' : 'have'} values that nearly all differ, as ids or free text do: as a category ${isOne ? 'it tells' : 'they tell'} a model nothing. data.exclude leaves ${isOne ? 'it' : 'them'} out; data.row_id names a column that identifies a row.`;
  }
}

const placeOf = (cell: Cell | null): string =>
  cell === null ? '' : placeText(cell.place).replace(/: (line|row) /, ' $1 ');

/** Names in a sentence. */
const MOST_NAMES = 5;

/** How YAML writes a key in braces: with quotes where it is not a plain word. */
const keyOf = (name: string): string =>
  /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name) ? name : JSON.stringify(name);

/** The pattern that nearly all cells of a sample fit, numbers aside, and the first cell that does. */
function patternOf(sample: readonly string[], decimal: DecimalMark): [Pattern | undefined, string] {
  const found: Record<Pattern, string[]> = { decimal: [], grouped: [], unit: [], date: [] };
  let numbers = 0;
  let filled = 0;
  for (const cell of sample) {
    const text = cell.trim();
    if (isMissing(text)) continue;
    filled += 1;
    if (isNumber(text, decimal)) numbers += 1;
    else if (GROUPED.test(text)) found.grouped.push(cell);
    else if (isNumber(text, decimal === '.' ? ',' : '.')) found.decimal.push(cell);
    else if (UNIT.test(text)) found.unit.push(cell);
    else if (DATE.test(text)) found.date.push(cell);
  }
  // 1,234 alone may be either; beside 12,5 it has a decimal comma.
  if (found.decimal.length > 0 && decimal === '.') found.decimal.push(...found.grouped.splice(0));
  const [pattern, cells] = (Object.entries(found) as [Pattern, string[]][]).reduce((best, next) =>
    next[1].length > best[1].length ? next : best,
  );
  const others = pattern === 'date' ? 0 : numbers;
  return cells.length > 0 && cells.length + others >= MOST * filled
    ? [pattern, cells[0] ?? '']
    : [undefined, ''];
}
