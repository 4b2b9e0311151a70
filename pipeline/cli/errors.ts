/** Names of errors that the user's own input causes. */
const inputErrors = new Set([
  'ConfigError',
  'DataContractError',
  'ScoreFileError',
  'PolicyError',
  'SetupError',
  'InputError',
]);

/** An argument that cannot be used. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** 2 for bad input, else 1. */
export const exitCodeOf = (error: unknown): 1 | 2 =>
  error instanceof Error && inputErrors.has(error.name) ? 2 : 1;

/** Says what went wrong, on standard error; with --json as the one object on standard output too. */
export function reportError(error: unknown, json: boolean): void {
  const { name, message, stack } =
    error instanceof Error ? error : { name: 'Error', message: String(error), stack: undefined };
  // The stack helps with our own mistakes only.
  console.error(exitCodeOf(error) === 2 ? message : (stack ?? message));
  if (json) printJson({ ok: false, error: { name, message } });
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}
