import { causedByInput } from '../../pipeline/errors.ts';
import { CdkError } from './run-cdk.ts';

/** Says what went wrong, in one sentence where the user can correct it. Returns the exit code: 2 bad input, else 1. */
export function failed(error: unknown): number {
  if (error instanceof Error && causedByInput(error.name)) {
    console.error(error.message);
    return 2;
  }
  // The CDK's errors and those of AWS's clients come explained.
  console.error(error instanceof CdkError || isFromAws(error) ? error.message : error);
  return 1;
}

const isFromAws = (error: unknown): error is Error => error instanceof Error && error.name === 'AwsError';
