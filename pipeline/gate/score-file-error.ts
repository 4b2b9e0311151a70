/** A score file that cannot be used: what was found, what was expected and where. */
export class ScoreFileError extends Error {
  override readonly name = 'ScoreFileError';
  readonly file: string;
  /** From 1, of a CSV file; of a parquet file, the row; null where the whole file is meant. */
  readonly line: number | null;
  readonly column: string | null;
  readonly found: string;
  readonly expected: string;

  constructor(
    at: { file: string; line?: number | null; row?: number; column?: string | null },
    found: string,
    expected: string,
  ) {
    const line = at.row ?? at.line ?? null;
    const column = at.column ?? null;
    const place = [
      ...(line === null ? [] : [`${at.row === undefined ? 'line' : 'row'} ${line}`]),
      ...(column === null ? [] : [`column ${column}`]),
    ].join(', ');
    super(`${at.file}: ${place === '' ? '' : `${place}: `}got ${found}, expected ${expected}`);
    this.file = at.file;
    this.line = line;
    this.column = column;
    this.found = found;
    this.expected = expected;
  }
}

/** Text as a message shows it: quoted, escaped, at most 60 characters. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}
