/** No Retry and no Catch, States.ALL included, stops these: AWS ends the execution there. */
const terminal: ReadonlySet<string> = new Set(['States.Runtime', 'States.DataLimitExceeded']);

/** What a state fails with; `name` and `message` are the Error and the Cause that Retry, Catch and the execution see. */
export class TaskError extends Error {
  constructor(error: string, cause: string) {
    // As long as AWS keeps them.
    super(cause.slice(0, 32_768));
    this.name = error.slice(0, 256);
  }

  // aws-local-stepfunctions reads these two.
  get isRetryable(): boolean {
    return !terminal.has(this.name);
  }

  get isCatchable(): boolean {
    return this.isRetryable;
  }
}

/** The document asks of the data what it does not hold. */
export const runtimeError = (cause: string) => new TaskError('States.Runtime', cause);
