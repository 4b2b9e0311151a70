import { shown } from '../errors.ts';
import { BadFile } from './bad-file.ts';
import { type CellKind, kindOf } from './cell.ts';
import { cellText } from './cell-text.ts';
import type { DecimalMark } from './dialect.ts';
import type { Table } from './table.ts';

/** Name and value of a column that a folder's name gives to each row of the files in it; "" for a missing value. */
export type Key = readonly [name: string, value: string];

/** How Hive, Spark and others name the folder of rows without a value. */
const missing = '__HIVE_DEFAULT_PARTITION__';

/** The keys in the folders of a path, as Hive writes them: `region=north/day=2024-01-02/part-0.parquet`. */
export function keysOf(path: string): Key[] {
  return path
    .split('/')
    .slice(0, -1)
    .flatMap((folder) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(folder) ?? [];
      if (name === undefined || value === undefined) return [];
      return [[decoded(name), value === missing ? '' : decoded(value)]];
    });
}

/** A folder's name without URL encoding; what is not encoded properly stays. */
const decoded = (text: string): string =>
  text.replace(/(?:%[0-9a-f]{2})+/gi, (bytes) => Buffer.from(bytes.replaceAll('%', ''), 'hex').toString());

interface Settings {
  /** The mark of numbers in the table. @default '.' */
  decimal?: DecimalMark;
  /** Columns of which no message quotes a cell. @default none */
  sensitive?: readonly string[];
}

/**
 * The table with the keys as further columns. A key that is a column of the file too stays that column, since some
 * programs write both; then each row must have the folder's value.
 */
export const withKeys = (table: Table, keys: readonly Key[], settings: Settings = {}): Table =>
  keys.length === 0 ? table : new KeyedTable(table, keys, settings);

class KeyedTable implements Table {
  readonly header: readonly string[];
  readonly #table: Table;
  readonly #added: readonly string[];
  readonly #shared: readonly (readonly [column: number, value: string])[];
  readonly #decimal: DecimalMark;
  readonly #sensitive: readonly string[];
  readonly #addsBreak: boolean;

  constructor(table: Table, keys: readonly Key[], { decimal = '.', sensitive = [] }: Settings) {
    const added = keys.filter(([name]) => !table.header.includes(name));
    this.header = [...table.header, ...added.map(([name]) => name)];
    this.#table = table;
    this.#decimal = decimal;
    this.#sensitive = sensitive;
    this.#added = added.map(([, value]) => value);
    this.#addsBreak = this.#added.some((value) => /[\r\n]/.test(value));
    this.#shared = keys
      .map(([name, value]) => [table.header.indexOf(name), value] as const)
      .filter(([column]) => column >= 0);
  }

  /** A row that is too short or too long stays so. */
  get width(): number {
    return this.#table.width + this.#added.length;
  }

  get position(): number {
    return this.#table.position;
  }

  load(): Promise<boolean> {
    return this.#table.load();
  }

  next(): boolean {
    if (!this.#table.next()) return false;
    if (this.width === this.header.length)
      for (const [column, value] of this.#shared) this.#requireSame(column, value);
    return true;
  }

  get mayBreak(): boolean {
    return this.#addsBreak || this.#table.mayBreak;
  }

  value(column: number): string {
    return this.#added[column - this.#table.header.length] ?? this.#table.value(column);
  }

  number(column: number): number {
    return column < this.#table.header.length
      ? this.#table.number(column)
      : Number(this.value(column) || Number.NaN);
  }

  kind(column: number): CellKind {
    return column < this.#table.header.length
      ? this.#table.kind(column)
      : kindOf(this.value(column), this.#decimal);
  }

  positionOf(column: number): number {
    return column < this.#table.header.length ? this.#table.positionOf(column) : this.position;
  }

  spansLines(column: number): boolean {
    return column < this.#table.header.length
      ? this.#table.spansLines(column)
      : /[\r\n]/.test(this.value(column));
  }

  #requireSame(column: number, value: string): void {
    const found = this.#table.value(column);
    // A folder may have 01 for the number 1.
    if (found === value || (found !== '' && value !== '' && Number(found) === Number(value))) return;
    const name = this.header[column]!;
    // The folder's value is no secret: it is in the file's name, which begins the message.
    throw new BadFile(
      cellText(found, name, { sensitive: this.#sensitive }),
      `${shown(value)} as in the folder's name`,
      { line: this.#table.positionOf(column), column: name },
    );
  }
}
