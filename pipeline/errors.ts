/** What the user can put right on this machine or in a folder: the message says what was found, expected, and where. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

/** A mistake in one file of the user's. */
export class FileError extends SetupError {
  readonly file: string;
  /** From 1; absent where it is the file as a whole. */
  readonly line: number | undefined;

  constructor(message: string, { file, line }: { file: string; line?: number | undefined }) {
    super(message);
    this.file = file;
    this.line = line;
  }
}
