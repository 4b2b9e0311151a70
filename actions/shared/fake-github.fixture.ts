/**
 * GitHub's REST API as far as a template of this kind calls it, with state that stays: a server for tests, in process or as
 * a program: `node actions/shared/fake-github.fixture.ts --port 4010 --state seed.json --requests requests.jsonl`.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { components } from '@octokit/openapi-types';

type Schemas = components['schemas'];
type User = Schemas['simple-user'];
type Comment = Schemas['issue-comment'];
type Issue = Schemas['issue'];
type CheckRun = Schemas['check-run'];
type Approval = Schemas['environment-approvals'];
/** GitHub also says who set it; the sha is in its address alone. */
type Status = Pick<
  Schemas['status'],
  'id' | 'state' | 'context' | 'description' | 'target_url' | 'created_at' | 'updated_at'
> & { sha: string };
/** The published object has a whole repository in it twice; what nobody reads of it is left out. */
type PullRequest = Pick<
  Schemas['pull-request'],
  'id' | 'node_id' | 'url' | 'html_url' | 'number' | 'title' | 'body' | 'merged_at' | 'merge_commit_sha'
> & {
  state: 'open' | 'closed';
  user: User;
  head: Pick<Schemas['pull-request']['head'], 'label' | 'ref' | 'sha'> & {
    repo: FullName | null;
    user: User;
  };
  base: Pick<Schemas['pull-request']['base'], 'label' | 'ref' | 'sha'> & { repo: FullName; user: User };
};
type FullName = Pick<Schemas['repository'], 'id' | 'name' | 'full_name' | 'private'>;
type Run = Omit<
  Schemas['workflow-run'],
  'repository' | 'head_repository' | 'head_commit' | 'pull_requests'
> & {
  repository: FullName;
  head_repository: FullName;
  head_commit: null;
  pull_requests: [];
};
type PartOfCommit = {
  sha: Schemas['git-commit']['sha'];
  tree: Pick<Schemas['git-commit']['tree'], 'sha'>;
  parents: Pick<Schemas['git-commit']['parents'][number], 'sha'>[];
};
type Environment = Pick<
  Schemas['environment'],
  'id' | 'node_id' | 'name' | 'url' | 'html_url' | 'created_at' | 'updated_at' | 'protection_rules'
>;

/** A pull request as a test gives it. */
export interface GivenPullRequest {
  number: number;
  head: string;
  branch?: string;
  base?: string;
  title?: string;
  author?: string;
  /** `OWNER/NAME` of the head; default: the repository itself; null: the fork is gone. */
  from?: string | null;
  /** The commit that merged it. */
  merged?: string;
  closed?: boolean;
  files?: string[];
}

/** A commit as a test gives it. */
export interface GivenCommit {
  sha: string;
  tree: string;
  parents?: string[];
}

/** A workflow's run as a test gives it. */
export interface GivenRun {
  id: number;
  head: string;
  branch?: string;
  event?: string;
  /** Path of the workflow's file. */
  path?: string;
  from?: string;
  conclusion?: string;
  /** Who started it. */
  actor?: string;
  artifacts?: { name: string; expired?: boolean }[];
}

/** Answers some requests otherwise than they would be. */
export interface Rule {
  method?: string;
  /** Of the address without the server, with its query. */
  path?: RegExp;
  /** How often, of the requests that it fits; default: always. */
  times?: number;
  /** How many that fit go through before. */
  after?: number;
  status: number;
  message?: string;
  headers?: Record<string, string>;
}

/** What a token may do; as a workflow's `permissions:` says it. */
type Permission = 'checks' | 'contents' | 'issues' | 'pull-requests' | 'actions' | 'statuses';
interface Token {
  login: string;
  permissions: Partial<Record<Permission, 'read' | 'write'>>;
}

interface Logged {
  method: string;
  path: string;
  status: number;
  login: string | null;
}

const everything: Token['permissions'] = {
  checks: 'write',
  contents: 'write',
  issues: 'write',
  'pull-requests': 'write',
  actions: 'write',
  statuses: 'write',
};

/** An answer that is no success. */
class Refusal extends Error {
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

const notFound = () => new Refusal(404, 'Not Found');
const invalid = (field: string, code: string) =>
  new Refusal(422, `Validation Failed: ${JSON.stringify({ resource: 'Fake', field, code })}`);

interface Asked {
  match: string[];
  query: URLSearchParams;
  body: Record<string, unknown>;
  as: User;
}

interface Route {
  method: string;
  path: RegExp;
  /** Any one of them suffices. */
  needs: [Permission, 'read' | 'write'][];
  answer: (asked: Asked) => { status?: number; body?: unknown };
}

export class FakeGitHub {
  readonly repository: string;
  readonly requests: Logged[] = [];
  /** Milliseconds that a request takes at most, before and after it is done: what makes posters race. */
  latency = 0;
  readonly #server: Server;
  readonly #tokens = new Map<string, Token>();
  readonly #rules: (Rule & { seen: number })[] = [];
  readonly #pulls = new Map<number, PullRequest & { files: string[] }>();
  readonly #issues = new Map<number, Issue>();
  readonly #comments = new Map<number, Comment & { issue: number; body: string }>();
  readonly #checks: (CheckRun & { annotations: unknown[] })[] = [];
  readonly #runs = new Map<number, { run: Run; artifacts: Schemas['artifact'][] }>();
  readonly #environments = new Map<string, Environment>();
  readonly #commits = new Map<string, GivenCommit>();
  readonly #approvals = new Map<number, Approval[]>();
  readonly #statuses: Status[] = [];
  readonly #branches = new Map<string, string>();
  readonly #dispatches: { workflow: string; ref: string; inputs: Record<string, unknown> }[] = [];
  readonly #onRequest: (request: Logged) => void;
  #downUntil = 0;
  #cuts = 0;
  #ids = 1000;

  private constructor(repository: string, onRequest: (request: Logged) => void) {
    this.repository = repository;
    this.#onRequest = onRequest;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: Error) => {
        response.writeHead(500).end(JSON.stringify({ message: error.stack }));
      });
    });
  }

  static async start(
    options: { repository?: string; port?: number; onRequest?: (request: Logged) => void } = {},
  ): Promise<FakeGitHub> {
    const fake = new FakeGitHub(options.repository ?? 'octo/attrition', options.onRequest ?? (() => {}));
    await new Promise<void>((resolve, reject) => {
      fake.#server.once('error', reject);
      fake.#server.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  // What a test sets up

  /** A token of somebody; any other is a workflow's own, which may do everything. */
  addToken(token: string, { login, permissions = everything }: Partial<Token> & { login: string }): void {
    this.#tokens.set(token, { login, permissions });
  }

  addPullRequest(given: GivenPullRequest): void {
    const { number, head, branch = `branch-${number}`, base = 'main', from = this.repository } = given;
    const user = userOf(given.author ?? 'octocat');
    const own = repositoryOf(this.repository);
    const owner = userOf(ownerOf(this.repository));
    this.#pulls.set(number, {
      id: number,
      node_id: `PR_${number}`,
      number,
      url: `${this.url}/repos/${this.repository}/pulls/${number}`,
      html_url: `https://github.com/${this.repository}/pull/${number}`,
      title: given.title ?? `Change ${number}`,
      body: null,
      state: given.merged !== undefined || given.closed ? 'closed' : 'open',
      merged_at: given.merged === undefined ? null : now(),
      merge_commit_sha: given.merged ?? null,
      user,
      head: {
        label: `${ownerOf(from ?? this.repository)}:${branch}`,
        ref: branch,
        sha: head,
        repo: from === null ? null : repositoryOf(from),
        user,
      },
      base: {
        label: `${ownerOf(this.repository)}:${base}`,
        ref: base,
        sha: '0'.repeat(40),
        repo: own,
        user: owner,
      },
      files: given.files ?? [],
    });
  }

  addRun(given: GivenRun): void {
    const { id, head, path = '.github/workflows/pull-request.yml', from = this.repository } = given;
    const api = `${this.url}/repos/${this.repository}/actions/runs/${id}`;
    this.#runs.set(id, {
      run: {
        id,
        node_id: `WFR_${id}`,
        name: path,
        head_branch: given.branch ?? 'main',
        head_sha: head,
        path,
        run_number: id,
        event: given.event ?? 'pull_request',
        status: 'completed',
        conclusion: given.conclusion ?? 'success',
        workflow_id: 1,
        url: api,
        html_url: `https://github.com/${this.repository}/actions/runs/${id}`,
        pull_requests: [],
        created_at: now(),
        updated_at: now(),
        jobs_url: `${api}/jobs`,
        logs_url: `${api}/logs`,
        check_suite_url: `${this.url}/check-suites/${id}`,
        artifacts_url: `${api}/artifacts`,
        cancel_url: `${api}/cancel`,
        rerun_url: `${api}/rerun`,
        workflow_url: `${this.url}/workflows/1`,
        head_commit: null,
        repository: repositoryOf(this.repository),
        head_repository: repositoryOf(from),
        display_title: path,
        actor: userOf(given.actor ?? 'octocat'),
        triggering_actor: userOf(given.actor ?? 'octocat'),
      },
      artifacts: (given.artifacts ?? []).map(({ name, expired = false }) => {
        const artifact = ++this.#ids;
        const url = `${this.url}/repos/${this.repository}/actions/artifacts/${artifact}`;
        return {
          id: artifact,
          node_id: `A_${artifact}`,
          name,
          size_in_bytes: 1,
          url,
          archive_download_url: `${url}/zip`,
          expired,
          created_at: now(),
          expires_at: now(),
          updated_at: now(),
          workflow_run: {
            id,
            head_sha: head,
            repository_id: 1,
            head_repository_id: from === this.repository ? 1 : 2,
          },
        };
      }),
    });
  }

  addCommit(given: GivenCommit): void {
    this.#commits.set(given.sha, given);
  }

  addEnvironment(
    name: string,
    { reviewers = [], preventSelfReview = false }: { reviewers?: string[]; preventSelfReview?: boolean } = {},
  ): void {
    this.#environments.set(name, {
      id: this.#environments.size + 1,
      node_id: `EN_${name}`,
      name,
      url: `${this.url}/repos/${this.repository}/environments/${name}`,
      html_url: `https://github.com/${this.repository}/deployments/activity_log?environments_filter=${name}`,
      created_at: now(),
      updated_at: now(),
      protection_rules:
        reviewers.length === 0
          ? []
          : [
              {
                id: 1,
                node_id: 'GA_1',
                type: 'required_reviewers',
                prevent_self_review: preventSelfReview,
                reviewers: reviewers.map((login) => ({ type: 'User', reviewer: userOf(login) })),
              },
            ],
    });
  }

  /** Somebody's answer to a run that waits for an environment's reviewers. */
  addApproval(
    run: number,
    {
      environment,
      login,
      state = 'approved',
    }: { environment: string; login: string; state?: Approval['state'] },
  ): void {
    const entry = { environments: [{ name: environment }], state, user: userOf(login), comment: '' };
    this.#approvals.set(run, [...(this.#approvals.get(run) ?? []), entry]);
  }

  /** The commit that a branch points to. */
  moveBranch(name: string, sha: string): void {
    this.#branches.set(name, sha);
  }

  addComment(issue: number, body: string, login = 'octocat'): Comment {
    return this.#createComment(issue, body, userOf(login));
  }

  addIssue(given: { title: string; body: string; login?: string; state?: 'open' | 'closed' }): Issue {
    const issue = this.#createIssue(given.title, given.body, userOf(given.login ?? 'octocat'));
    issue.state = given.state ?? 'open';
    return issue;
  }

  /** A push to a pull request. */
  moveHead(number: number, sha: string): void {
    const pull = this.#pulls.get(number);
    if (pull) pull.head.sha = sha;
  }

  refuse(rule: Rule): void {
    this.#rules.push({ ...rule, seen: 0 });
  }

  /** Says so before it does anything, as GitHub does: `Retry-After` in seconds. */
  limit(rule: Omit<Rule, 'status'> & { status?: 403 | 429; seconds: number }): void {
    const { seconds, ...rest } = rule;
    this.refuse({
      status: 403,
      message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
      headers: { 'retry-after': String(seconds) },
      ...rest,
    });
  }

  /** Cuts every connection for so long. */
  goDown(milliseconds: number): void {
    this.#downUntil = performance.now() + milliseconds;
  }

  /** Cuts the next connections. */
  cut(times: number): void {
    this.#cuts = times;
  }

  // What a test looks at

  comments(issue: number): { id: number; body: string; author: string }[] {
    return [...this.#comments.values()]
      .filter((comment) => comment.issue === issue)
      .map(({ id, body, user }) => ({ id: Number(id), body, author: user?.login ?? '' }));
  }

  get issues(): Issue[] {
    return [...this.#issues.values()];
  }

  get checks(): (CheckRun & { annotations: unknown[] })[] {
    return this.#checks;
  }

  /** The statuses of all commits, oldest first. */
  get statuses(): Status[] {
    return this.#statuses;
  }

  /** The workflows that were started by workflow_dispatch. */
  get dispatches(): { workflow: string; ref: string; inputs: Record<string, unknown> }[] {
    return this.#dispatches;
  }

  /** `METHOD /path` of each request so far, without the repository and the query; forgets them. */
  calls(): string[] {
    const base = `/repos/${this.repository}`;
    return this.requests.splice(0).map(({ method, path }) => {
      const bare = path.replace(/\?.*$/, '');
      return `${method} ${bare.startsWith(base) ? bare.slice(base.length) : bare}`;
    });
  }

  /** All of it as plain JSON. */
  get state(): object {
    return {
      pulls: [...this.#pulls.values()],
      issues: this.issues,
      comments: [...this.#comments.values()],
      checks: this.#checks,
      runs: [...this.#runs.values()],
    };
  }

  // Serving

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    if (this.#cuts > 0 || performance.now() < this.#downUntil) {
      this.#cuts = Math.max(0, this.#cuts - 1);
      return void request.socket.destroy();
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    await this.#wait();
    const token = request.headers.authorization?.replace(/^(?:token|bearer) /i, '');
    const login = token === undefined ? null : this.#loginOf(token);
    const logged: Logged = { method, path: url, status: 0, login };
    this.requests.push(logged);
    let answer: { status: number; body?: unknown; headers: Record<string, string> };
    try {
      if (token === undefined || token === 'bad') throw new Refusal(401, 'Bad credentials');
      this.#obey(method, url);
      const found = this.#answer(method, url, Buffer.concat(chunks).toString(), token);
      answer = found;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { status, message, headers } = error;
      const body = {
        message,
        documentation_url: 'https://docs.github.com/rest',
        status: String(status),
      } satisfies Schemas['basic-error'];
      answer = { status, body, headers };
    }
    logged.status = answer.status;
    this.#onRequest(logged);
    await this.#wait();
    response.writeHead(answer.status, {
      'content-type': 'application/json; charset=utf-8',
      'x-github-media-type': 'github.v3; format=json',
      'x-ratelimit-limit': '1000',
      'x-ratelimit-remaining': '999',
      ...answer.headers,
    });
    response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
  }

  async #wait(): Promise<void> {
    if (this.latency > 0) await delay(Math.random() * this.latency);
  }

  #loginOf(token: string): string {
    return this.#tokens.get(token)?.login ?? 'github-actions[bot]';
  }

  #obey(method: string, url: string): void {
    for (const rule of this.#rules) {
      if (rule.method !== undefined && rule.method !== method) continue;
      if (rule.path !== undefined && !rule.path.test(url)) continue;
      rule.seen += 1;
      const { after = 0, times = Number.POSITIVE_INFINITY, status, message, headers } = rule;
      if (rule.seen <= after || rule.seen > after + times) continue;
      throw new Refusal(status, message ?? `Refused with ${status}`, headers);
    }
  }

  #answer(
    method: string,
    url: string,
    text: string,
    token: string,
  ): { status: number; body?: unknown; headers: Record<string, string> } {
    const { pathname, searchParams: query } = new URL(url, this.url);
    for (const route of this.#routes) {
      const match = route.path.exec(pathname);
      if (match === null || route.method !== method) continue;
      const { login, permissions } = this.#tokens.get(token) ?? {
        login: this.#loginOf(token),
        permissions: everything,
      };
      const allowed = route.needs.some(
        ([what, level]) => permissions[what] === 'write' || permissions[what] === level,
      );
      if (!allowed && route.needs.length > 0)
        throw new Refusal(403, 'Resource not accessible by integration', {
          'x-accepted-github-permissions': route.needs
            .map(([what, level]) => `${what.replace('-', '_')}=${level}`)
            .join('; '),
        });
      const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
      const answer = route.answer({
        match: match.slice(1).map(decodeURIComponent),
        query,
        body,
        as: userOf(login),
      });
      const status = answer.status ?? 200;
      return Array.isArray(answer.body)
        ? { status, ...this.#page(answer.body, url) }
        : { status, body: answer.body, headers: {} };
    }
    throw notFound();
  }

  #page(all: unknown[], url: string): { body: unknown[]; headers: Record<string, string> } {
    const address = new URL(url, this.url);
    const size = Math.min(100, Number(address.searchParams.get('per_page') ?? 30));
    const page = Math.max(1, Number(address.searchParams.get('page') ?? 1));
    const last = Math.max(1, Math.ceil(all.length / size));
    const link = (rel: string, number: number) => {
      address.searchParams.set('page', String(number));
      return `<${address.href}>; rel="${rel}"`;
    };
    const links = [
      ...(page > 1 ? [link('prev', page - 1)] : []),
      ...(page < last ? [link('next', page + 1), link('last', last)] : []),
      ...(page > 1 ? [link('first', 1)] : []),
    ];
    return {
      body: all.slice((page - 1) * size, page * size),
      headers: links.length === 0 ? {} : { link: links.join(', ') },
    };
  }

  get #routes(): Route[] {
    const at = (method: string, path: string): Pick<Route, 'method' | 'path'> => ({
      method,
      path: new RegExp(`^/repos/${this.repository}${path}$`),
    });
    const readPulls: Route['needs'] = [['pull-requests', 'read']];
    const readEither: Route['needs'] = [
      ['issues', 'read'],
      ['pull-requests', 'read'],
    ];
    const writeEither: Route['needs'] = [
      ['issues', 'write'],
      ['pull-requests', 'write'],
    ];
    return [
      {
        ...at('GET', '/pulls'),
        needs: readPulls,
        answer: ({ query }) => ({
          body: [...this.#pulls.values()]
            .filter(({ state }) => [state, 'all'].includes(query.get('state') ?? 'open'))
            .filter(({ head }) => !query.has('head') || head.label === query.get('head'))
            .filter(({ base }) => !query.has('base') || base.ref === query.get('base'))
            .map(withoutFiles),
        }),
      },
      {
        ...at('GET', '/pulls/(\\d+)'),
        needs: readPulls,
        answer: ({ match: [number] }) => ({ body: withoutFiles(this.#pull(number)) }),
      },
      {
        ...at('GET', '/pulls/(\\d+)/files'),
        needs: readPulls,
        answer: ({ match: [number] }) => ({ body: this.#pull(number).files.map(fileOf) }),
      },
      {
        ...at('GET', '/commits/(\\w+)/pulls'),
        needs: readPulls,
        answer: ({ match: [sha] }) => ({
          body: [...this.#pulls.values()]
            .filter((pull) => pull.merge_commit_sha === sha || pull.head.sha === sha)
            .map(withoutFiles),
        }),
      },
      {
        ...at('GET', '/git/commits/(\\w+)'),
        needs: [['contents', 'read']],
        answer: ({ match: [sha = ''] }) => {
          const commit = this.#commits.get(sha);
          if (commit === undefined) throw notFound();
          const { tree, parents = [] } = commit;
          const body = { sha, tree: { sha: tree }, parents: parents.map((parent) => ({ sha: parent })) };
          return { body: body satisfies PartOfCommit };
        },
      },
      {
        ...at('GET', '/issues/(\\d+)/comments'),
        needs: readEither,
        answer: ({ match: [number] }) => {
          this.#discussion(number);
          const of = [...this.#comments.values()].filter(({ issue }) => issue === Number(number));
          return { body: of.sort((a, b) => Number(a.id) - Number(b.id)).map(withoutIssue) };
        },
      },
      {
        ...at('POST', '/issues/(\\d+)/comments'),
        needs: writeEither,
        answer: ({ match: [number], body, as }) => {
          this.#discussion(number);
          return { status: 201, body: withoutIssue(this.#createComment(Number(number), textOf(body), as)) };
        },
      },
      {
        ...at('GET', '/issues/comments/(\\d+)'),
        needs: readEither,
        answer: ({ match: [id] }) => ({ body: withoutIssue(this.#comment(id)) }),
      },
      {
        ...at('PATCH', '/issues/comments/(\\d+)'),
        needs: writeEither,
        answer: ({ match: [id], body }) => {
          const comment = this.#comment(id);
          Object.assign(comment, { body: textOf(body), updated_at: now() });
          return { body: withoutIssue(comment) };
        },
      },
      {
        ...at('DELETE', '/issues/comments/(\\d+)'),
        needs: writeEither,
        answer: ({ match: [id] }) => {
          this.#comments.delete(Number(this.#comment(id).id));
          return { status: 204 };
        },
      },
      {
        ...at('GET', '/issues'),
        needs: [['issues', 'read']],
        answer: ({ query }) => ({
          body: this.issues
            .concat([...this.#pulls.values()].map((pull) => this.#issueOfPull(pull)))
            .filter(({ state }) => [state, 'all'].includes(query.get('state') ?? 'open'))
            .filter(({ user }) => !query.has('creator') || user?.login === query.get('creator'))
            .sort((a, b) => b.updated_at.localeCompare(a.updated_at) || b.number - a.number),
        }),
      },
      {
        ...at('POST', '/issues'),
        needs: [['issues', 'write']],
        answer: ({ body, as }) => {
          if (typeof body.title !== 'string' || body.title === '') throw invalid('title', 'missing_field');
          return { status: 201, body: this.#createIssue(body.title, textOf(body), as) };
        },
      },
      {
        ...at('PATCH', '/issues/(\\d+)'),
        needs: writeEither,
        answer: ({ match: [number], body }) => {
          const issue = this.#issues.get(Number(number));
          if (issue === undefined) throw notFound();
          const {
            title = issue.title,
            state = issue.state,
            state_reason = issue.state_reason,
          } = body as Partial<Issue>;
          if (!['open', 'closed'].includes(state)) throw invalid('state', 'invalid');
          const text = body.body === undefined ? issue.body : textOf(body);
          Object.assign(issue, { title, state, state_reason, body: text, updated_at: now() });
          return { body: issue };
        },
      },
      {
        ...at('POST', '/check-runs'),
        needs: [['checks', 'write']],
        answer: ({ body }) => ({ status: 201, body: this.#createCheck(body) }),
      },
      {
        ...at('GET', '/commits/(\\w+)/check-runs'),
        needs: [['checks', 'read']],
        answer: ({ match: [sha] }) => {
          const check_runs = this.#checks.filter(({ head_sha }) => head_sha === sha);
          return { body: { total_count: check_runs.length, check_runs } };
        },
      },
      {
        ...at('GET', '/actions(?:/workflows/([^/]+))?/runs'),
        needs: [['actions', 'read']],
        answer: ({ match: [workflow], query }) => {
          const workflow_runs = [...this.#runs.values()]
            .map(({ run }) => run)
            .filter(({ path }) => workflow === undefined || path.endsWith(`/${workflow}`))
            .filter((run) =>
              (['head_sha', 'event', 'status'] as const).every(
                (field) => !query.has(field) || run[field] === query.get(field),
              ),
            )
            .reverse();
          return { body: { total_count: workflow_runs.length, workflow_runs } };
        },
      },
      {
        ...at('GET', '/actions/runs/(\\d+)'),
        needs: [['actions', 'read']],
        answer: ({ match: [id] }) => ({ body: this.#run(id).run }),
      },
      {
        ...at('GET', '/actions/runs/(\\d+)/artifacts'),
        needs: [['actions', 'read']],
        answer: ({ match: [id], query }) => {
          const artifacts = this.#run(id).artifacts.filter(
            ({ name }) => !query.has('name') || name === query.get('name'),
          );
          return { body: { total_count: artifacts.length, artifacts } };
        },
      },
      {
        ...at('GET', '/actions/artifacts'),
        needs: [['actions', 'read']],
        answer: ({ query }) => {
          const artifacts = [...this.#runs.values()]
            .flatMap((each) => each.artifacts)
            .filter(({ name }) => !query.has('name') || name === query.get('name'))
            .sort((a, b) => b.id - a.id);
          return { body: { total_count: artifacts.length, artifacts } };
        },
      },
      {
        ...at('GET', '/actions/runs/(\\d+)/approvals'),
        needs: [['actions', 'read']],
        answer: ({ match: [id] }) => ({ body: this.#approvals.get(Number(this.#run(id).run.id)) ?? [] }),
      },
      {
        ...at('POST', '/actions/workflows/([^/]+)/dispatches'),
        needs: [['actions', 'write']],
        answer: ({ match: [workflow = ''], body }) => {
          const { ref, inputs = {}, return_run_details } = body as Record<string, unknown>;
          if (typeof ref !== 'string' || !this.#branches.has(ref))
            throw invalid('ref', `no ref found for: ${ref}`);
          this.#dispatches.push({ workflow, ref, inputs: inputs as Record<string, unknown> });
          if (return_run_details !== true) return { status: 204 };
          const id = ++this.#ids;
          return {
            body: {
              workflow_run_id: id,
              run_url: `${this.url}/repos/${this.repository}/actions/runs/${id}`,
              html_url: `https://github.com/${this.repository}/actions/runs/${id}`,
            } satisfies Schemas['workflow-dispatch-response'],
          };
        },
      },
      {
        ...at('GET', '/branches/(.+)'),
        needs: [['contents', 'read']],
        answer: ({ match: [name = ''] }) => {
          const sha = this.#branches.get(name);
          if (sha === undefined) throw notFound();
          return { body: { name, commit: { sha } } };
        },
      },
      {
        ...at('POST', '/statuses/(\\w+)'),
        needs: [['statuses', 'write']],
        answer: ({ match: [sha = ''], body }) => ({ status: 201, body: this.#createStatus(sha, body) }),
      },
      {
        // Newest first.
        ...at('GET', '/commits/(\\w+)/statuses'),
        needs: [['statuses', 'read']],
        answer: ({ match: [sha] }) => ({
          body: this.#statuses
            .filter((status) => status.sha === sha)
            .toReversed()
            .map(({ sha: _, ...status }) => status),
        }),
      },
      {
        ...at('GET', '/environments/([^/]+)'),
        needs: [['actions', 'read']],
        answer: ({ match: [name = ''] }) => {
          const environment = this.#environments.get(name);
          if (environment === undefined) throw notFound();
          return { body: environment };
        },
      },
      {
        method: 'GET',
        path: /^\/user$/,
        needs: [],
        answer: ({ as }) => {
          if (as.type === 'Bot') throw new Refusal(403, 'Resource not accessible by integration');
          return { body: as };
        },
      },
      {
        method: 'POST',
        path: /^\/graphql$/,
        needs: [],
        answer: ({ body, as }) => {
          if (!/viewer\s*\{\s*login\s*\}/.test(String(body.query))) throw invalid('query', 'unsupported');
          return { body: { data: { viewer: { login: as.login } } } };
        },
      },
    ];
  }

  // State

  #pull(number: string | undefined): PullRequest & { files: string[] } {
    const pull = this.#pulls.get(Number(number));
    if (pull === undefined) throw notFound();
    return pull;
  }

  #run(id: string | undefined): { run: Run; artifacts: Schemas['artifact'][] } {
    const run = this.#runs.get(Number(id));
    if (run === undefined) throw notFound();
    return run;
  }

  #comment(id: string | undefined): Comment & { issue: number; body: string } {
    const comment = this.#comments.get(Number(id));
    if (comment === undefined) throw notFound();
    return comment;
  }

  /** A pull request is an issue too. */
  #discussion(number: string | undefined): void {
    if (!this.#pulls.has(Number(number)) && !this.#issues.has(Number(number))) throw notFound();
  }

  #createComment(issue: number, body: string, user: User): Comment & { issue: number; body: string } {
    const id = ++this.#ids;
    const comment = {
      id,
      node_id: `IC_${id}`,
      url: `${this.url}/repos/${this.repository}/issues/comments/${id}`,
      html_url: `https://github.com/${this.repository}/pull/${issue}#issuecomment-${id}`,
      issue_url: `${this.url}/repos/${this.repository}/issues/${issue}`,
      user,
      body,
      created_at: now(),
      updated_at: now(),
      author_association: 'NONE',
      performed_via_github_app: null,
      issue,
    } satisfies Comment & { issue: number };
    this.#comments.set(id, comment);
    return comment;
  }

  #createIssue(title: string, body: string, user: User): Issue {
    const number = Math.max(0, ...this.#issues.keys(), ...this.#pulls.keys()) + 1;
    const url = `${this.url}/repos/${this.repository}/issues/${number}`;
    const issue: Issue = {
      id: ++this.#ids,
      node_id: `I_${number}`,
      number,
      url,
      repository_url: `${this.url}/repos/${this.repository}`,
      labels_url: `${url}/labels{/name}`,
      comments_url: `${url}/comments`,
      events_url: `${url}/events`,
      html_url: `https://github.com/${this.repository}/issues/${number}`,
      state: 'open',
      state_reason: null,
      title,
      body,
      user,
      labels: [],
      assignee: null,
      assignees: [],
      milestone: null,
      locked: false,
      comments: 0,
      closed_at: null,
      created_at: now(),
      updated_at: now(),
    };
    this.#issues.set(number, issue);
    return issue;
  }

  #issueOfPull({ number, title, user, state, html_url }: PullRequest): Issue {
    const url = `${this.url}/repos/${this.repository}/issues/${number}`;
    return {
      id: number,
      node_id: `I_${number}`,
      number,
      url,
      repository_url: `${this.url}/repos/${this.repository}`,
      labels_url: `${url}/labels{/name}`,
      comments_url: `${url}/comments`,
      events_url: `${url}/events`,
      html_url,
      state,
      title,
      body: null,
      user,
      labels: [],
      assignee: null,
      milestone: null,
      locked: false,
      comments: 0,
      pull_request: { url, html_url, diff_url: null, patch_url: null },
      closed_at: null,
      created_at: now(),
      updated_at: now(),
    };
  }

  #createStatus(sha: string, body: Record<string, unknown>): Status {
    const { state, context = 'default', description = null, target_url = null } = body as Partial<Status>;
    if (!/^[0-9a-f]{40}$/.test(sha)) throw invalid('sha', `No commit found for SHA: ${sha}`);
    if (!['error', 'failure', 'pending', 'success'].includes(state ?? '')) throw invalid('state', 'invalid');
    if ((description ?? '').length > 140)
      throw invalid('description', 'is too long (maximum is 140 characters)');
    const at = { created_at: now(), updated_at: now() };
    const status = { id: ++this.#ids, sha, state: state ?? '', context, description, target_url, ...at };
    this.#statuses.push(status);
    return status;
  }

  #createCheck(body: Record<string, unknown>): CheckRun {
    const { name, head_sha, output = {} } = body as Partial<CheckRun> & { output?: Record<string, unknown> };
    if (typeof name !== 'string' || name === '') throw invalid('name', 'missing_field');
    if (typeof head_sha !== 'string' || !/^[0-9a-f]{40}$/.test(head_sha))
      throw invalid('head_sha', 'invalid');
    const {
      title = null,
      summary = null,
      annotations = [],
    } = output as {
      title?: string;
      summary?: string;
      annotations?: Record<string, unknown>[];
    };
    if (Object.keys(output).length > 0 && (!title || !summary)) throw invalid('output', 'missing_field');
    if ((summary ?? '').length > 65_535) throw invalid('summary', 'too_long');
    if (annotations.length > 50) throw invalid('annotations', 'too_many');
    for (const annotation of annotations)
      for (const field of ['path', 'start_line', 'end_line', 'annotation_level', 'message'])
        if (annotation[field] === undefined || annotation[field] === '')
          throw invalid(field, 'missing_field');
    const id = ++this.#ids;
    const url = `${this.url}/repos/${this.repository}/check-runs/${id}`;
    const check = {
      id,
      node_id: `CR_${id}`,
      name,
      head_sha,
      external_id: null,
      url,
      html_url: `https://github.com/${this.repository}/runs/${id}`,
      details_url: (body.details_url as string) ?? null,
      status: (body.status as CheckRun['status']) ?? 'queued',
      conclusion: (body.conclusion as CheckRun['conclusion']) ?? null,
      started_at: now(),
      completed_at: (body.completed_at as string) ?? null,
      output: {
        title,
        summary,
        text: null,
        annotations_count: annotations.length,
        annotations_url: `${url}/annotations`,
      },
      check_suite: { id: 1 },
      app: null,
      pull_requests: [],
      annotations,
    } satisfies CheckRun & { annotations: unknown[] };
    this.#checks.push(check);
    return check;
  }
}

const now = (): string => new Date().toISOString();
const ownerOf = (repository: string): string => repository.split('/')[0] ?? '';
const withoutFiles = ({ files: _, ...pull }: PullRequest & { files: string[] }): PullRequest => pull;
const withoutIssue = ({ issue: _, ...comment }: Comment & { issue: number }): Comment => comment;

function textOf({ body }: Record<string, unknown>): string {
  if (typeof body !== 'string' || body === '') throw invalid('body', 'missing_field');
  if (body.length > 65_536) throw invalid('body', 'is too long (maximum is 65536 characters)');
  return body;
}

function repositoryOf(full_name: string): FullName {
  return { id: 1, name: full_name.split('/')[1] ?? '', full_name, private: false };
}

function userOf(login: string): User {
  const url = `https://api.github.com/users/${encodeURIComponent(login)}`;
  return {
    login,
    id: [...login].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 1e9,
    node_id: `U_${login}`,
    avatar_url: `https://avatars.githubusercontent.com/${login}`,
    gravatar_id: '',
    url,
    html_url: `https://github.com/${login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: login.endsWith('[bot]') ? 'Bot' : 'User',
    site_admin: false,
  };
}

function fileOf(filename: string): Schemas['diff-entry'] {
  return {
    sha: '0'.repeat(40),
    filename,
    status: 'modified',
    additions: 1,
    deletions: 0,
    changes: 1,
    blob_url: '',
    raw_url: '',
    contents_url: '',
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '4010' },
      repository: { type: 'string' },
      /** { pulls: GivenPullRequest[], runs: GivenRun[] } to start with. */
      state: { type: 'string' },
      /** Where each request is written, one a line. */
      requests: { type: 'string' },
    },
  });
  const { requests, repository } = values;
  const fake = await FakeGitHub.start({
    port: Number(values.port),
    ...(repository !== undefined && { repository }),
    ...(requests !== undefined && {
      onRequest: (request) => appendFileSync(requests, `${JSON.stringify(request)}\n`),
    }),
  });
  if (values.state !== undefined && existsSync(values.state)) {
    const given = JSON.parse(readFileSync(values.state, 'utf8')) as {
      pulls?: GivenPullRequest[];
      runs?: GivenRun[];
    };
    for (const pull of given.pulls ?? []) fake.addPullRequest(pull);
    for (const run of given.runs ?? []) fake.addRun(run);
  }
  console.log(fake.url);
  process.on('SIGTERM', () => {
    console.log(JSON.stringify(fake.state));
    process.exit(0);
  });
}
