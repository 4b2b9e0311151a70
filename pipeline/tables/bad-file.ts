/** A file that cannot be read, or not to its end. The caller adds the file's name, as its user calls it. */
export class BadFile extends Error {
  override readonly name = 'BadFile';
  readonly found: string;
  readonly expected: string;
  /** Line of CSV or row of Parquet, from 1; null for a problem of the whole file. */
  readonly line: number | null;
  /** The column's name, or its number from 1 if it has none; null for a problem of a line or the whole file. */
  readonly column: string | null;
  /** The text at the place; null if it does not help. */
  readonly text: string | null;
  /** Kinds for which a caller may have its own message. */
  readonly kind: 'encoding' | 'NUL' | 'Parquet as CSV' | 'damaged Parquet' | 'not text' | null;

  constructor(
    found: string,
    expected: string,
    {
      line = null,
      column = null,
      text = null,
      kind = null,
    }: Partial<Pick<BadFile, 'line' | 'column' | 'text' | 'kind'>> = {},
  ) {
    super(`got ${found}, expected ${expected}`);
    this.found = found;
    this.expected = expected;
    this.line = line;
    this.column = column;
    this.text = text;
    this.kind = kind;
  }
}
