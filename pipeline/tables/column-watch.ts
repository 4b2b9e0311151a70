import { BOOLEAN, CODE, EMPTY, FLOAT, INFINITE, INTEGER, MARKER, TEXT } from './cell.ts';
import type { Place } from './place.ts';
import type { Table } from './table.ts';

export type ColumnType = 'number' | 'category' | 'boolean';

/** Values of a column by which its warnings are decided. */
const SAMPLE = 1_000;

/** A cell: its text, and where it stands. */
export interface Cell {
  text: string;
  place: Place;
}

/** Infinite cells that are remembered. */
const MOST_INFINITE = 100;

/** Watches the cells of a column, row by row, until they can tell nothing more. */
export class ColumnWatch {
  readonly name: string;
  /** The column's place in the current file. */
  at = 0;
  /** The kinds of its cells, as bits. */
  kinds = 0;
  /** Cells that are neither empty nor a word for a missing value, and those of them that are no numbers. */
  filled = 0;
  others = 0;
  firstOther: Cell | null = null;
  readonly infinite: Cell[] = [];
  /** Its first cells that are filled. */
  readonly sample: string[] = [];
  /** The text of every cell so far; null once two differ. */
  constant: string | null | undefined;
  /** Surely a column of text, or declared to be no number: its kinds are not looked at any more. */
  isText: boolean;

  /** The type that the files declare; null if its cells tell it. */
  readonly declared: ColumnType | null;

  constructor(name: string, declared: ColumnType | null = null) {
    this.name = name;
    this.declared = declared;
    this.isText = declared !== null && declared !== 'number';
  }

  /** Whether another cell could still tell something. */
  get isDone(): boolean {
    return this.isText && this.constant === null && this.sample.length === SAMPLE;
  }

  /**
   * Looks at the cell of the table's current row. Returns whether it was the last one that could tell something.
   *
   * @param where the place of the row
   */
  see(table: Table, where: () => Place): boolean {
    if (this.constant !== null) {
      const text = table.value(this.at);
      if (this.constant === undefined) this.constant = detached(text);
      else if (this.constant !== text) this.constant = null;
    }
    if (this.isText) {
      if (this.sample.length === SAMPLE) return this.isDone;
      const text = table.value(this.at);
      if (text !== '') this.sample.push(detached(text));
      return this.isDone;
    }
    const kind = table.kind(this.at);
    this.kinds |= kind;
    if (kind === EMPTY || kind === MARKER) return false;
    this.filled += 1;
    if (this.filled <= SAMPLE) this.sample.push(detached(table.value(this.at)));
    if (kind === INTEGER || kind === FLOAT) return false;
    this.others += 1;
    if (kind === BOOLEAN && this.firstOther !== null) return false;
    const cell = (): Cell => ({ text: detached(table.value(this.at)), place: where() });
    this.firstOther ??= cell();
    if (kind === INFINITE && this.infinite.length < MOST_INFINITE) this.infinite.push(cell());
    // With so many cells that are no numbers, the column is no column of numbers with a few slips.
    if (this.filled >= SAMPLE && 2 * this.others > this.filled && this.kinds & TEXT) this.isText = true;
    return this.isDone;
  }

  /** The column's type by all its cells, as the prepare job tells it. */
  get type(): ColumnType {
    const { kinds, declared } = this;
    if (declared !== null) return declared;
    const isNumeric = (kinds & (INTEGER | FLOAT)) !== 0;
    const isBoolean = (kinds & BOOLEAN) !== 0;
    if (kinds & CODE && !(kinds & FLOAT)) return 'category';
    if (kinds & TEXT || (isNumeric && isBoolean) || (kinds !== 0 && !isNumeric && !isBoolean))
      return 'category';
    if (isBoolean) return kinds & INFINITE ? 'category' : 'boolean';
    return 'number';
  }
}

/** A copy of a text: a field is a slice of the text of its chunk, which it would keep in memory. */
export const detached = (text: string) => ` ${text}`.slice(1);
