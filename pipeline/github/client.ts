import { SetupError } from '../errors.ts';

/** GitHub answered a request with something other than success. */
export class GitHubRefusal extends SetupError {
  readonly status: number;
  /** The message of GitHub's answer. */
  readonly said: string;
  /** The permissions of which the token needs one, as GitHub names them: `administration=write`; empty if it does not say. */
  readonly accepted: string;

  constructor(
    request: string,
    { status, said, accepted }: { status: number; said: string; accepted: string },
  ) {
    super(`GitHub answered ${status} to ${request}${said === '' ? '' : `: ${said}`}`);
    this.status = status;
    this.said = said;
    this.accepted = accepted;
  }
}

/** The token of the environment; undefined if there is none. */
export const tokenOfEnvironment = (): string | undefined =>
  process.env.GITHUB_TOKEN || process.env.GH_TOKEN || undefined;

/** Milliseconds that an answer may take. */
const longestAnswer = 30_000;
const longestUpload = 300_000;

/** GitHub's REST API as programs call it that need no retries. Refusals are thrown as GitHubRefusal. */
export class GitHubClient {
  readonly #token: string | undefined;
  readonly #api: string;

  constructor(token = tokenOfEnvironment(), api = process.env.GITHUB_API_URL || 'https://api.github.com') {
    this.#token = token;
    this.#api = api;
  }

  get hasToken(): boolean {
    return this.#token !== undefined;
  }

  async get<T>(path: string): Promise<T> {
    return (await (await this.#call('GET', path)).json()) as T;
  }

  /** All pages of a list. `key` is the field that holds it; undefined if the answer itself is the list. */
  async list<T>(path: string, key?: string): Promise<T[]> {
    const found: T[] = [];
    let next: string | undefined = path;
    while (next !== undefined) {
      const response: Response = await this.#call('GET', next);
      const page = (await response.json()) as T[] | Record<string, T[]>;
      found.push(...(key === undefined ? (page as T[]) : ((page as Record<string, T[]>)[key] ?? [])));
      const address = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
      next = address === undefined ? undefined : address.replace(/^https?:\/\/[^/]+/, '');
    }
    return found;
  }

  /** Makes a request that changes something, and returns the answer; undefined if it is empty. */
  async send<T = unknown>(method: string, path: string, body?: object): Promise<T | undefined> {
    const text = await (await this.#call(method, path, body)).text();
    return text === '' ? undefined : (JSON.parse(text) as T);
  }

  /**
   * Uploads a file.
   * @param address where to, as GitHub's answer names it
   */
  async upload(address: string, bytes: Uint8Array): Promise<void> {
    await this.#call('POST', address, bytes);
  }

  /** `at` is a path of the API or a whole address. */
  async #call(method: string, at: string, body?: object): Promise<Response> {
    const isFile = body instanceof Uint8Array;
    const path = at.replace(/^https?:\/\/[^/]+/, '');
    const response = await fetch(at.startsWith('/') ? `${this.#api}${at}` : at, {
      method,
      headers: {
        accept: 'application/vnd.github+json',
        'x-github-api-version': '2022-11-28',
        'user-agent': 'mlops-template',
        ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
        ...(body !== undefined && {
          'content-type': isFile ? 'application/octet-stream' : 'application/json',
        }),
      },
      ...(body !== undefined && { body: isFile ? new Uint8Array(body) : JSON.stringify(body) }),
      // A redirect, as of a renamed repository, is followed for reading only.
      redirect: method === 'GET' ? 'follow' : 'manual',
      signal: AbortSignal.timeout(isFile ? longestUpload : longestAnswer),
    }).catch((error: Error & { cause?: Error }) => {
      throw new SetupError(`GitHub could not be reached (${error.cause?.message ?? error.message})`);
    });
    if (response.ok) return response;
    const text = await response.text();
    throw new GitHubRefusal(`${method} ${path.replace(/\?.*$/, '')}`, {
      status: response.status,
      said: messageOf(text),
      accepted: response.headers.get('x-accepted-github-permissions') ?? '',
    });
  }
}

/** The message of GitHub's answer with that of each error in it; empty if it is not JSON. */
function messageOf(text: string): string {
  try {
    const { message = '', errors = [] } = JSON.parse(text) as { message?: string; errors?: unknown[] };
    const more = [errors]
      .flat()
      .map((error) => (typeof error === 'string' ? error : (error as { message?: string }).message));
    return [message, ...more.filter((each) => typeof each === 'string')].join(': ');
  } catch {
    return '';
  }
}
