import { didYouMean } from '../config/nearest.ts';
import { shown } from '../errors.ts';
import { isMissing, numberText } from '../tables/cell.ts';
import { cellText } from '../tables/cell-text.ts';
import type { Contract, Feature } from './contract.ts';

/** What is wrong with a request. */
export interface RecordProblem {
  /** The number of the record, from 1; null: the request as a whole. */
  record: number | null;
  column: string | null;
  message: string;
}

/** A record as the prepare job would write it. */
export interface Row {
  /** The row id as text; null if the record has none. */
  id: string | null;
  /** A text for each feature, in their order; empty where the value is missing. */
  cells: string[];
  /** The features whose category training did not know. */
  unseen: string[];
}

/** The most problems that one answer lists. */
const MOST_PROBLEMS = 1000;

/** Checks records for one package. Looks up what it can once, because every request goes through it. */
export class RecordReader {
  readonly #contract: Contract;
  readonly #known: ReadonlySet<string>;
  readonly #values: readonly (ReadonlySet<string> | null)[];

  constructor(contract: Contract) {
    const { features, rowId, ignored } = contract;
    this.#contract = contract;
    this.#known = new Set([
      ...features.map(({ name }) => name),
      ...ignored,
      ...(rowId === null ? [] : [rowId]),
    ]);
    this.#values = features.map(({ values }) => (values === null ? null : new Set(values)));
  }

  /**
   * Reads the records of a request: `{records: [...]}`, a list of records, or one record.
   * @param input parsed JSON
   * @returns the rows, which are usable only if there are no problems, and every problem that was found
   */
  read(input: unknown): { rows: Row[]; problems: RecordProblem[] } {
    const records = this.#recordsOf(input);
    if (typeof records === 'string')
      return { rows: [], problems: [{ record: null, column: null, message: records }] };
    const rows: Row[] = [];
    const problems: RecordProblem[] = [];
    records.forEach((record, index) => {
      const row = this.#row(record, (column, message) =>
        problems.push({ record: index + 1, column, message }),
      );
      if (row !== null) rows.push(row);
    });
    const more = problems.length - MOST_PROBLEMS;
    if (more > 0) {
      problems.length = MOST_PROBLEMS;
      problems.push({ record: null, column: null, message: `${more} more problems` });
    }
    return { rows, problems };
  }

  #recordsOf(input: unknown): unknown[] | string {
    const list = this.#listOf(input);
    if (!Array.isArray(list))
      return `got ${kindOf(list)}, expected {"records": [...]}, a list of records or one record`;
    return list.length === 0 ? 'got no records, expected at least one' : list;
  }

  #listOf(input: unknown): unknown {
    if (Array.isArray(input) || !isObject(input)) return input;
    const names = Object.keys(input);
    const wraps = names.length === 1 && names[0] === 'records' && !this.#known.has('records');
    return wraps ? input.records : [input];
  }

  #row(record: unknown, problem: (column: string | null, message: string) => void): Row | null {
    if (!isObject(record) || Array.isArray(record)) {
      problem(null, `got ${kindOf(record)}, expected an object with a value for each column`);
      return null;
    }
    const { features, rowId } = this.#contract;
    const unseen: string[] = [];
    const cells = features.map((feature, at) => {
      if (!Object.hasOwn(record, feature.name)) {
        problem(feature.name, `missing, expected ${expected(feature)}`);
        return '';
      }
      const { text, message } = this.#cell(record[feature.name], feature);
      if (message !== undefined) problem(feature.name, message);
      else if (text !== undefined && text !== '' && this.#values[at]?.has(text) === false)
        unseen.push(feature.name);
      return text ?? '';
    });
    for (const name of Object.keys(record))
      if (!this.#known.has(name)) problem(name, `no such column${didYouMean(name, [...this.#known])}`);
    const id = rowId !== null && Object.hasOwn(record, rowId) ? record[rowId] : null;
    if (rowId !== null && id !== null && typeof id !== 'string' && typeof id !== 'number')
      problem(rowId, `got ${kindOf(id)}, expected the id of the row: a text or a number`);
    return { id: id === null ? null : String(id), cells, unseen };
  }

  #cell(value: unknown, feature: Feature): { text?: string; message?: string } {
    if (value === null) return { text: '' };
    const { contentType, decimal } = this.#contract;
    const wrong = () => ({ message: `got ${this.#told(value, feature)}, expected ${expected(feature)}` });
    switch (feature.type) {
      case 'number': {
        if (typeof value === 'number')
          return Number.isFinite(value)
            ? { text: Object.is(value, -0) ? '-0' : String(value) }
            : { message: 'got a number too large for 64 bits, expected a finite number' };
        const text = typeof value === 'string' ? numberText(value, decimal) : null;
        return text === null ? wrong() : { text };
      }
      case 'boolean': {
        if (typeof value === 'boolean') return { text: String(value) };
        if (typeof value !== 'string') return wrong();
        if (isMissing(value)) return { text: '' };
        return /^(?:true|false)$/i.test(value) ? { text: value } : wrong();
      }
      case 'category': {
        if (typeof value === 'number' && !feature.sensitive)
          return { message: `got the number ${value}, expected text: ${JSON.stringify(String(value))}` };
        if (typeof value !== 'string') return wrong();
        if (contentType === 'text/csv' && /[\r\n]/.test(value))
          return {
            message:
              'got a text with a line break, expected one line, because this model takes CSV line by line',
          };
        return { text: value };
      }
    }
  }

  #told(value: unknown, { name }: Feature): string {
    if (typeof value === 'string') return cellText(value, name, this.#contract);
    return this.#contract.sensitive.includes(name) ? cellText('', name, this.#contract) : kindOf(value);
  }
}

const expectations = {
  number: 'a number, or null where it is not known',
  boolean: 'true, false, or null where it is not known',
  category: 'a text, or null where it is not known',
};

const expected = ({ type }: Feature): string => expectations[type];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return `the text ${shown(value)}`;
  return typeof value === 'undefined' ? 'nothing' : `the ${typeof value} ${String(value)}`;
}
