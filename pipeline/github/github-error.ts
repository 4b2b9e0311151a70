import { SetupError } from '../errors.ts';

/** GitHub or git did not give information about the repository. */
export class GitHubError extends SetupError {
  /** The message without its advice, because that names options of `npm run bootstrap`. */
  readonly found: string;

  constructor(found: string, fix: string) {
    super(`${found}: ${fix}`);
    this.found = found;
  }
}
