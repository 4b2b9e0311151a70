import { SetupError } from '../errors.ts';

/** GitHub or git did not answer a question about the repository. */
export class GitHubError extends SetupError {
  /** The message without its advice, which names options of `npm run bootstrap`. */
  readonly found: string;

  constructor(found: string, fix: string) {
    super(`${found}: ${fix}`);
    this.found = found;
  }
}
