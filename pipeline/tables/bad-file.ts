/** A file that cannot be read, or not further: whoever asked for it knows what its user calls it, and says so. */
export class BadFile extends Error {
  override readonly name = 'BadFile';
  readonly found: string;
  readonly expected: string;
  /** From 1; null where the file as a whole is meant. */
  readonly line: number | null;
  /** The column's name, or its number from 1 where it has none; null where a line or the file as a whole is meant. */
  readonly column: string | null;
  /** The text that stands at the place; null where it says nothing. */
  readonly text: string | null;
  /** What a caller may want to say in its own words. */
  readonly kind: 'encoding' | 'NUL' | 'Parquet as CSV' | 'damaged Parquet' | null;

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
