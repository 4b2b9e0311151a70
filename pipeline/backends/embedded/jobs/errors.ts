/** The errors that a state machine sees; its Retry and Catch match an error's `name`. */

type ServiceError = 'ValidationException' | 'ResourceInUseException' | 'ResourceNotFoundException';

/** The error of a refused call, named as in Step Functions: `SageMaker.` and the exception. */
export function serviceError(name: ServiceError, message: string): Error {
  return named(`SageMaker.${name}`, message);
}

/** Step Functions cuts a Cause to this length. */
const mostCharacters = 32_768;

/**
 * The error of a job that did not complete, as from `.sync`. The message is the Describe response, with as many of
 * the log's last lines as fit into a Cause.
 */
export function taskFailed(description: { readonly LogTail?: readonly string[] }): Error {
  let message = JSON.stringify(description);
  const lines = description.LogTail ?? [];
  for (let first = 1; message.length > mostCharacters && first <= lines.length; first++)
    message = JSON.stringify({ ...description, LogTail: lines.slice(first) });
  return named('States.TaskFailed', message);
}

/** The error of a job that its caller stopped. */
export function abortError(message: string): Error {
  return named('AbortError', message);
}

function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}

/** A job's failure; the message becomes its FailureReason: `AlgorithmError: ...` or `ClientError: ...`. */
export class JobFailure extends Error {
  /** More fields of the Describe response. */
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(reason: string, fields: Readonly<Record<string, unknown>> = {}) {
    super(reason);
    this.fields = fields;
  }
}
