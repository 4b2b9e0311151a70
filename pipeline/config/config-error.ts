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
export function problemLine(file: string, { path, message, line, column, from_set }: ConfigProblem): string {
  const where = from_set ? `--set ${path}` : path === '' ? file : `${file}: ${path}`;
  return `${where}: ${message}${line === undefined ? '' : ` (line ${line}, column ${column})`}`;
}
