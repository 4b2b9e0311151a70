/** A place in the data. */
export interface Place {
  /** The file's label. */
  file: string;
  /** Line of a CSV file, from 1. */
  line?: number;
  /** Row of a Parquet file, from 1. */
  row?: number;
  /** Name of the column. */
  field?: string;
}

/** `data.csv: line 3: column age`, to start a message. */
export const placeText = ({ file, line, row, field }: Place): string =>
  [
    file,
    ...(line === undefined ? [] : [`line ${line}`]),
    ...(row === undefined ? [] : [`row ${row}`]),
    ...(field === undefined ? [] : [`column ${field}`]),
  ].join(': ');
