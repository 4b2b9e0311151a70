/**
 * The errors that more than one layer knows. Each has a name of its own, because a name is all that crosses a process, a
 * function of AWS and a state machine: `causedByInput` decides by it whether the user can correct the cause.
 */

/** An argument, an action's input or a combination of both that cannot be used. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

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

/** One thing to mend in mlops.yaml or an override. */
export interface ConfigProblem {
  /** Dotted path of the setting; empty for the file as a whole. */
  path: string;
  /** What was found and what was expected. */
  message: string;
  /** Where in the file, from 1; absent for what came from --set or stands nowhere. */
  line?: number;
  column?: number;
  /** The problem is in an override, not in the file. */
  from_set?: true;
  /** The file that holds it, where that is another than the one that was read. */
  file?: string;
}

/** Bad configuration, with every problem that was found. Its name decides the exit code, in process and out. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly file: string;
  readonly problems: ConfigProblem[];

  constructor(file: string, problems: ConfigProblem[]) {
    super(problems.map((problem) => problemLine(file, problem)).join('\n'));
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

/** The data breaks its contract; one line a problem. */
export class DataContractError extends Error {
  override readonly name = 'DataContractError';

  constructor(problems: { path: string; message: string }[]) {
    super(problems.map(({ message }) => message).join('\n'));
  }
}

/** The run would cost more than budget.max_run_usd: what was estimated, and what to change. */
export class BudgetError extends Error {
  override readonly name = 'BudgetError';
}

/** The ledger held another version than expected: somebody was first. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
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

/** Whether the user's input is the cause of an error of this name. */
export const causedByInput = (name: string): boolean => inputErrors.has(name);
