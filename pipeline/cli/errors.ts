import { causedByInput } from '../errors.ts';
import { home } from './home.ts';

/** 2 for bad input, else 1. */
export const exitCodeOf = (error: unknown): 1 | 2 =>
  error instanceof Error && causedByInput(error.name) ? 2 : 1;

/** Says what went wrong, on standard error; with --json as the one object on standard output too. */
export function reportError(error: unknown, json: boolean): void {
  const { name, message, stack } =
    error instanceof Error ? error : { name: 'Error', message: String(error), stack: undefined };
  const told = refusedByTheSystem(error)
    ? `${message}: the system refused it; expected room and permission to write in ${home()}`
    : message;
  // The stack helps with our own mistakes only.
  const ours = exitCodeOf(error) === 1 && told === message && name !== 'AwsError';
  console.error(ours ? (stack ?? message) : told);
  if (json) printError(name, told);
}

/** The one object on standard output where a command with --json cannot do its work. */
export function printError(name: string, message: string): void {
  printJson({ ok: false, error: { name, message } });
}

/** A full disk, a file system that is read-only, a folder of somebody else, a file where a folder is to be. */
function refusedByTheSystem(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EEXIST', 'ELOOP'].includes(code);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}
