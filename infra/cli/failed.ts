import { ConfigError } from '../../pipeline/errors.ts';
import { GitHubError } from '../../pipeline/github/ask-github.ts';
import { EnvironmentError } from '../environment.ts';
import { CdkError } from './run-cdk.ts';

/** Says what went wrong, in one sentence where the user can mend it. Returns the exit code: 2 bad input, else 1. */
export function failed(error: unknown): number {
  if (error instanceof ConfigError || error instanceof EnvironmentError || error instanceof GitHubError) {
    console.error(error.message);
    return 2;
  }
  // Errors of AWS's clients come explained, as do the CDK's.
  console.error(error instanceof CdkError || isNamed(error) ? error.message : error);
  return 1;
}

const isNamed = (error: unknown): error is Error =>
  error instanceof Error && ['SetupError', 'AwsError'].includes(error.name);
