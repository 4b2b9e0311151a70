/** The errors that a state machine sees; an error's `name` is what its Retry and Catch match. */

type ServiceError = 'ValidationException' | 'ResourceInUseException' | 'ResourceNotFoundException';

/** A call that the service refuses, named as Step Functions names it: `SageMaker.` and the exception. */
export function serviceError(name: ServiceError, message: string): Error {
  return named(`SageMaker.${name}`, message);
}

/** What Step Functions keeps of a Cause. */
const mostCharacters = 32_768;

/**
 * A job that did not complete, as `.sync` fails: the Describe response is the message, with as many of the last lines of
 * its log as a Cause has room for.
 */
export function taskFailed(description: { readonly LogTail?: readonly string[] }): Error {
  let message = JSON.stringify(description);
  const lines = description.LogTail ?? [];
  for (let first = 1; message.length > mostCharacters && first <= lines.length; first++)
    message = JSON.stringify({ ...description, LogTail: lines.slice(first) });
  return named('States.TaskFailed', message);
}

/** A job that its caller stopped. */
export function abortError(message: string): Error {
  return named('AbortError', message);
}

function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}

/** Why a job failed; the message becomes its FailureReason: `AlgorithmError: ...` or `ClientError: ...`. */
export class JobFailure extends Error {
  /** Further fields of the Describe response. */
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(reason: string, fields: Readonly<Record<string, unknown>> = {}) {
    super(reason);
    this.fields = fields;
  }
}
