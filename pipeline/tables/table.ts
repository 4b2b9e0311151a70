/**
 * The rows of a file, whatever its format, in as little memory as the format allows:
 *
 *     while (await table.load()) while (table.next()) table.value(0);
 *
 * Opening, `load` and `next` throw BadFile.
 */
export interface Table {
  readonly header: readonly string[];
  /** How many fields the current row has. */
  readonly width: number;
  /** Where the current row starts, from 1: a line of a CSV file, a row of a Parquet file. */
  readonly position: number;
  /** Reads the next part of the file; false where there is none. */
  load(): Promise<boolean>;
  /** Moves to the next row of what was loaded; false at its end. */
  next(): boolean;
  /** The current row's value in a column: text, untrimmed, of a CSV file; of the column's type of a Parquet file. */
  value(column: number): unknown;
  /** The current row's finite or infinite number in a column; NaN where it is none. */
  number(column: number): number;
  /** Where the field starts: a quoted one may start on a later line than its row. */
  positionOf(column: number): number;
  /** Whether the field holds a line break. */
  spansLines(column: number): boolean;
}
