import { note } from '../../pipeline/cli/print.ts';
import { causedByInput } from '../../pipeline/errors.ts';
import { CdkError } from './run-cdk.ts';

/** Prints the error, as one sentence if the user can correct it. Returns the exit code: 2 for bad input, otherwise 1. */
export function failed(error: unknown): number {
  if (error instanceof Error && causedByInput(error.name)) {
    note(error.message);
    return 2;
  }
  // Errors of the CDK and of AWS's clients explain themselves, so they need no stack trace.
  if (error instanceof CdkError || isFromAws(error)) note(error.message);
  else note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 1;
}

const isFromAws = (error: unknown): error is Error => error instanceof Error && error.name === 'AwsError';
