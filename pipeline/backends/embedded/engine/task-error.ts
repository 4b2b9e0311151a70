/** What a state fails with; `name` and `message` are the Error and the Cause that Retry, Catch and the execution see. */
export class TaskError extends Error {
  constructor(error: string, cause: string) {
    // As long as AWS keeps them.
    super(cause.slice(0, 32_768));
    this.name = error.slice(0, 256);
  }
}

/** The document asks of the data what it does not hold. */
export const runtimeError = (cause: string) => new TaskError('States.Runtime', cause);
