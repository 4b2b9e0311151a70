/**
 * The errors that several layers use. Only an error's name crosses a process, a Lambda function or a state machine,
 * so each has its own; `causedByInput` decides by the name whether the user can correct the cause.
 */

/** An invalid argument or input of an action, or an invalid combination of them. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** A problem that the user can fix on this machine; the message says where, what was found and expected. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}

/** A mistake in one of the user's files. */
export class FileError extends SetupError {
  readonly file: string;
  /** From 1; absent if the whole file is meant. */
  readonly line: number | undefined;

  constructor(message: string, { file, line }: { file: string; line?: number | undefined }) {
    super(message);
    this.file = file;
    this.line = line;
  }
}

/** One problem to fix in mlops.yaml or an override. */
export interface ConfigProblem {
  /** Dotted path of the setting; empty for the file as a whole. */
  path: string;
  /** What was found and what was expected. */
  message: string;
  /** Place in the file, from 1; absent if the setting came from --set or is not in the file. */
  line?: number;
  column?: number;
  /** The problem is in an override, not in the file. */
  from_set?: true;
  /** The file with the problem, if it is not the one that was read. */
  file?: string;
}

const mostLines = 100;

/** Invalid configuration, with every problem that was found; the message has the first hundred. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly file: string;
  readonly problems: ConfigProblem[];

  constructor(file: string, problems: ConfigProblem[]) {
    const more = problems.length - mostLines;
    super(
      problems
        .slice(0, mostLines)
        .map((problem) => problemLine(file, problem))
        .concat(more > 0 ? [`${file}: ${more} more problems`] : [])
        .join('\n'),
    );
    this.file = file;
    this.problems = problems;
  }
}

/** `FILE: PATH: MESSAGE (line L, column C)`. */
export function problemLine(read: string, problem: ConfigProblem): string {
  const { path, message, line, column, from_set, file = read } = problem;
  const where = from_set ? `--set ${path}` : path === '' ? file : `${file}: ${path}`;
  return `${where}: ${message}${line === undefined ? '' : ` (line ${line}, column ${column})`}`;
}

/** A score file that cannot be used: what was found, what was expected and where. */
export class ScoreFileError extends Error {
  override readonly name = 'ScoreFileError';
  readonly file: string;
  /** Line of a CSV file (from 1) or row of a parquet file; null if the whole file is meant. */
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

/** The data violates its contract; the message has one line per problem. */
export class DataContractError extends Error {
  override readonly name = 'DataContractError';

  constructor(problems: { path: string; message: string }[]) {
    super(problems.map(({ message }) => message).join('\n'));
  }
}

/** The data or the script of a run are not those with which it was started. */
export class InputChangedError extends Error {
  override readonly name = 'InputChangedError';
}

/** An object was written more than once, or deleted, where only one write was expected. */
export class RewrittenError extends Error {
  override readonly name = 'RewrittenError';
}

/** The run would cost more than budget.max_run_usd: what was estimated, and what to change. */
export class BudgetError extends Error {
  override readonly name = 'BudgetError';
}

/** The ledger holds another version than expected: another writer came first. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}

/** A record of the ledger that cannot be used. It costs this record only: whoever lists records may leave it out. */
export class UnreadableRecordError extends Error {
  override readonly name = 'UnreadableRecordError';
  readonly path: string;
  readonly found: string;

  /** @param found what the file at `path` holds in place of its record */
  constructor(path: string, found: string) {
    super(
      `${path}: got ${found}, expected the record that was written there; restore the file from a backup, or move it aside ` +
        'with `mlops doctor --repair`, which says what counts then',
    );
    this.path = path;
    this.found = found;
  }
}

/** null for a record that cannot be read, where none would do as well. Where it would not, let the error through. */
export async function unlessUnreadable<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof UnreadableRecordError) return null;
    throw error;
  }
}

/** An endpoint does not answer: there is none, it is not in service, or the model fails. */
export class EndpointError extends Error {
  override readonly name = 'EndpointError';
}

export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
}

/** Names of the errors that the user's own input causes: the command line exits with 2. */
const inputErrors = new Set([
  'BudgetError',
  'ConfigError',
  'DataContractError',
  'InputError',
  'PrepareScriptError',
  'ScoreFileError',
  'SetupError',
]);

/** Whether the user's input causes errors of this name. */
export const causedByInput = (name: string): boolean => inputErrors.has(name);
