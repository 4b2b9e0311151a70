import { parse } from 'csv-parse/sync';
import { shown } from '../errors.ts';
import { cleanText } from '../report/clean-text.ts';
import { misfitMessage } from '../steps/train/answer-misfit.ts';
import { bare, classCode, flat, outputColumns } from '../steps/train/score-file.ts';
import { parseDecimal } from '../tables/decimal.ts';
import type { Contract } from './contract.ts';
import type { Row } from './records.ts';

/** The answer to one record. */
export interface Answer {
  /** The row id, if the record had one. */
  id?: string;
  /** Binary: probability of the positive class; multiclass: that of the decided class; regression: the value. null: a model that answers labels. */
  score: number | null;
  /** The decided class; null for regression. */
  decision: string | null;
  /** Multiclass: the probability of every class. */
  scores?: Record<string, number>;
  /** What moved the score, in the model's own unit and order. */
  contributions: { name: string; value: number }[];
  /** Further columns of the model's answer. */
  extra?: Record<string, string>;
  /** Columns with a category that training did not know. */
  unseen?: string[];
  package: string;
}

/** The model's answer cannot be used: nothing of it is handed on. */
export class ModelAnswerError extends Error {
  override readonly name = 'ModelAnswerError';
  /** The number of the record, from 1; null: the answer as a whole. */
  readonly record: number | null;

  constructor(message: string, record: number | null = null) {
    super(message);
    this.record = record;
  }
}

/** Reads the answers of one package's model. Looks up what it can once, because every request goes through it. */
export class AnswerReader {
  readonly #contract: Contract;
  readonly #columns: string[];
  /** The positions of `factor_N` and `contribution_N` in an answer. */
  readonly #contributions: { name: number; value: number }[];
  readonly #others: { name: string; at: number }[];

  constructor(contract: Contract) {
    this.#contract = contract;
    this.#columns = outputColumns(
      { problem: contract.problem, labels: [...contract.labels] },
      contract.output,
    );
    const first = this.#columns.length;
    const at = new Map(contract.extra.map((name, index) => [name, first + index]));
    this.#contributions = contract.extra.flatMap((name) => {
      const [, number] = /^factor_(\d+)$/.exec(name) ?? [];
      const [factor, value] = [at.get(name), at.get(`contribution_${number}`)];
      return factor === undefined || value === undefined ? [] : [{ name: factor, value }];
    });
    const used = new Set(this.#contributions.flatMap(({ name, value }) => [name, value]));
    this.#others = [...at]
      .filter(([, place]) => !used.has(place))
      .map(([name, place]) => ({ name, at: place }));
  }

  /**
   * Reads the body that answers the rows.
   * @param text one line for each row
   * @throws ModelAnswerError for another number of lines, and for a line that is not what mlops.yaml says
   */
  read(text: string, rows: readonly Row[]): Answer[] {
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    if (lines.length !== rows.length)
      throw new ModelAnswerError(
        `the model answered ${lines.length} lines to ${rows.length} records, expected one line for each`,
      );
    return rows.map((row, index) => this.#answer(lines[index] as string, row, index + 1));
  }

  #answer(line: string, row: Row, record: number): Answer {
    const contract = this.#contract;
    const fields = this.#fields(line.replace(/\r$/, ''), record);
    if (fields.length !== this.#columns.length + contract.extra.length)
      throw new ModelAnswerError(this.#misfit(fields), record);
    const answer: Answer = {
      ...(row.id !== null && { id: row.id }),
      ...this.#prediction(fields, record),
      contributions: this.#contributionsOf(fields, record),
      package: contract.package,
    };
    if (this.#others.length > 0)
      answer.extra = Object.fromEntries(this.#others.map(({ name, at }) => [name, fields[at] ?? '']));
    if (row.unseen.length > 0) answer.unseen = row.unseen;
    return answer;
  }

  #fields(line: string, record: number): string[] {
    if (this.#contract.contentType === 'application/jsonlines') {
      try {
        return flat(JSON.parse(line)).map((value) => (value === null ? '' : String(value)));
      } catch {
        throw new ModelAnswerError(`the model answered ${this.#shown(line)}, expected JSON`, record);
      }
    }
    if (!line.includes('"')) return bare(line.split(','));
    try {
      const [fields = []] = parse(line, { relaxColumnCount: true }) as string[][];
      return bare(fields);
    } catch {
      throw new ModelAnswerError(`the model answered ${this.#shown(line)}, expected a line of CSV`, record);
    }
  }

  #prediction(fields: readonly string[], record: number): Pick<Answer, 'score' | 'decision' | 'scores'> {
    const { problem, labels, threshold, output } = this.#contract;
    const first = fields[0] ?? '';
    if (problem === 'regression')
      return { score: this.#number(first, record, 'a finite number'), decision: null };
    if (output === 'label') {
      const code = classCode(first, labels);
      if (code === null)
        throw new ModelAnswerError(
          `the model answered ${this.#shown(first)}, expected a class as a whole number from 0 to ${labels.length - 1}`,
          record,
        );
      return { score: null, decision: labels[code] as string };
    }
    const probabilities = this.#columns.map((_, at) => {
      const expected = 'a probability from 0 to 1';
      const value = this.#number(fields[at] ?? '', record, expected);
      if (value < 0 || value > 1)
        throw new ModelAnswerError(`the model answered ${value}, expected ${expected}`, record);
      return value;
    });
    if (problem === 'binary') {
      const score = probabilities[0] as number;
      return { score, decision: labels[score >= threshold ? 1 : 0] as string };
    }
    const score = Math.max(...probabilities);
    return {
      score,
      decision: labels[probabilities.indexOf(score)] as string,
      scores: Object.fromEntries(labels.map((label, at) => [label, probabilities[at] as number])),
    };
  }

  #contributionsOf(fields: readonly string[], record: number): Answer['contributions'] {
    return this.#contributions.flatMap(({ name: factor, value }) => {
      const name = fields[factor] ?? '';
      // A model that has fewer factors than columns for them leaves both empty.
      if (name === '' && fields[value] === '') return [];
      const size = this.#number(
        fields[value] ?? '',
        record,
        `a finite number as ${this.#contract.extra[value - this.#columns.length]}`,
      );
      return this.#isSensitive(name) ? [] : [{ name, value: size }];
    });
  }

  /** Whether a factor is a column of data.sensitive, or one that the model made of it, such as `Gender=Male`. */
  #isSensitive(factor: string): boolean {
    return this.#contract.sensitive.some(
      (column) => factor.startsWith(column) && !/^[\p{L}\p{N}]/u.test(factor.slice(column.length)),
    );
  }

  #number(text: string, record: number, expected: string): number {
    const value = parseDecimal(text, 0, text.length);
    if (!Number.isFinite(value))
      throw new ModelAnswerError(`the model answered ${this.#shown(text)}, expected ${expected}`, record);
    return value;
  }

  #misfit(fields: readonly string[]): string {
    const { sensitive, extra, output, problem, labels } = this.#contract;
    if (sensitive.length > 0)
      return `the model answered ${fields.length} columns, expected ${this.#columns.length + extra.length}`;
    return `the model's answer: ${misfitMessage({
      answer: fields.map((field) => cleanText(field, 80)),
      columns: this.#columns,
      manifest: { problem, labels: [...labels] },
      model: { output, extra: [...extra] },
    })}`;
  }

  /** A text of the model's in a message. It may quote the record, so it stays unsaid where data.sensitive names a column. */
  #shown(text: string): string {
    return this.#contract.sensitive.length > 0 ? 'a text' : shown(cleanText(text, 60));
  }
}
