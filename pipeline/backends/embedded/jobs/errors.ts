/** The errors that a state machine sees; an error's `name` is what its Retry and Catch match. */

type ServiceError = 'ValidationException' | 'ResourceInUseException' | 'ResourceNotFoundException';

/** A call that the service refuses, named as Step Functions names it: `SageMaker.` and the exception. */
export function serviceError(name: ServiceError, message: string): Error {
  return named(`SageMaker.${name}`, message);
}

/** A job that did not complete, as `.sync` fails: the Describe response is the message. */
export function taskFailed(description: object): Error {
  return named('States.TaskFailed', JSON.stringify(description));
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
