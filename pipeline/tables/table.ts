/**
 * The rows of a file in any format, read in as little memory as the format allows:
 *
 *     while (await table.load()) while (table.next()) table.value(0);
 *
 * Opening, `load` and `next` throw BadFile.
 */
export interface Table {
  readonly header: readonly string[];
  /** Number of fields of the current row. */
  readonly width: number;
  /** Position of the current row, from 1: the line where it starts in CSV, the row in Parquet. */
  readonly position: number;
  /** Reads the next part of the file; false at the end. */
  load(): Promise<boolean>;
  /** Moves to the next row of the part; false at its end. */
  next(): boolean;
  /** The current row's text in a column, untrimmed; "" where there is none. */
  value(column: number): string;
  /** The current row's finite or infinite number in a column; NaN if it is not a number. */
  number(column: number): number;
  /** Position of a field, which in CSV may start on a later line than its row. */
  positionOf(column: number): number;
  /** Whether the field holds a line break. */
  spansLines(column: number): boolean;
}
