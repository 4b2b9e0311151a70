import { causedByInput } from '../errors.ts';
import { home } from './home.ts';
import { note, printJson } from './print.ts';

/** 2 for bad input, else 1. */
export const exitCodeOf = (error: unknown): 1 | 2 =>
  error instanceof Error && causedByInput(error.name) ? 2 : 1;

/** Prints the error on standard error; with --json also as the only object on standard output. */
export function reportError(error: unknown, json: boolean): void {
  const { name, message, stack } =
    error instanceof Error ? error : { name: 'Error', message: String(error), stack: undefined };
  const told = refusedByTheSystem(error)
    ? `${message}: the operating system refused it; expected free space and permission to write in ${home()}`
    : message;
  // A stack trace helps only with a bug in this program.
  const ours = exitCodeOf(error) === 1 && told === message && !explained.includes(name);
  note(ours ? (stack ?? message) : told);
  if (json) printError(name, told);
}

/** Names of errors whose message says everything. */
const explained = [
  'AwsError',
  'UnreadableRecordError',
  'StateInUseError',
  'ArtifactChangedError',
  'JobFailure',
  'ModelAnswerError',
  'ModelUnreachableError',
  'ServiceError',
];

/** The only object on standard output when a command with --json fails. */
export function printError(name: string, message: string): void {
  printJson({ ok: false, error: { name, message } });
}

/** The disk is full, the file system is read-only, or the folder belongs to another user or is a file. */
function refusedByTheSystem(error: unknown): boolean {
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  // Node's recursive mkdir says ENOENT on a read-only file system.
  if (code === 'ENOENT' && syscall === 'mkdir') return true;
  return ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EEXIST', 'ELOOP'].includes(code);
}
