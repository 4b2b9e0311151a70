/**
 * The part of GitHub's REST API that shows and changes the settings of a repository, with state that stays. Bodies are
 * checked against GitHub's own description of its API. What the description does
 * not say is from GitHub's documentation and from its answers as users report them:
 *  - permissions: docs.github.com/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens
 *  - a private repository on the plan Free: 403 to rulesets, 422 to the protection of environments
 *    ("Upgrade to GitHub Pro or make this repository public to enable this feature."; github.com/backstage/backstage/issues/28977
 *    for required reviewers. How GitHub words the refusal of a branch limit is not known: it is taken to be the same)
 *  - prevent_self_review without a reviewer: 422 (github.com/github-community-projects/safe-settings/issues/628)
 *  - reviewers who cannot read the repository are dropped without an error
 *  - a PUT of an environment replaces its protection: what it leaves out is gone
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { whyInvalid } from '../../github/request-bodies.fixture.ts';

type Level = 'read' | 'write';
type Permission =
  | 'administration'
  | 'actions'
  | 'environments'
  | 'variables'
  | 'metadata'
  | 'members'
  | 'pages';

interface Rule {
  type: string;
  parameters?: Record<string, unknown>;
}
interface Ruleset {
  id: number;
  name: string;
  target: string;
  enforcement: string;
  conditions?: { ref_name?: { include?: string[]; exclude?: string[] } };
  rules: Rule[];
  bypass_actors: object[];
}
interface Environment {
  wait_timer: number;
  prevent_self_review: boolean;
  reviewers: { type: 'User' | 'Team'; id: number }[];
  policy: { protected_branches: boolean; custom_branch_policies: boolean } | null;
  branches: { id: number; name: string; type: string }[];
  variables: Map<string, string>;
}

class Refusal extends Error {
  readonly status: number;
  readonly accepted: string;
  constructor(status: number, message: string, accepted = '') {
    super(message);
    this.status = status;
    this.accepted = accepted;
  }
}

interface Asked {
  match: string[];
  body: Record<string, unknown>;
}
type Answer = { status?: number; body?: unknown } | undefined;
interface Route {
  method: string;
  /** As the description writes it, without `/repos/{owner}/{repo}`; or the whole path. */
  path: string;
  needs: [Permission, Level] | null;
  answer: (asked: Asked) => Answer;
}

/** A repository's settings, as a new repository has them. */
export class GitHubSettings {
  readonly repository = 'octo/attrition';
  /** `METHOD /path` of every request that changed something or tried to. */
  readonly writes: string[] = [];
  readonly requests: { path: string; authorization: string | undefined }[] = [];
  visibility: 'public' | 'private' = 'public';
  branch = 'main';
  ownerType: 'Organization' | 'User' = 'Organization';
  /** The paid features of private repositories. */
  plan: 'free' | 'team' | 'enterprise' = 'enterprise';
  pushedAt = '2026-11-20T00:00:00Z';
  rulesets: Ruleset[] = [];
  environments = new Map<string, Environment>();
  variables = new Map<string, string>();
  token = { default_workflow_permissions: 'read', can_approve_pull_request_reviews: false };
  actions: Record<string, unknown> = { enabled: true, allowed_actions: 'all', sha_pinning_required: false };
  forks = { approval_policy: 'first_time_contributors' };
  privateForks: Record<string, boolean> = {
    run_workflows_from_fork_pull_requests: false,
    send_write_tokens_to_workflows: false,
    send_secrets_and_variables: false,
    require_approval_for_fork_pr_workflows: false,
  };
  workflows = [
    { id: 1, path: '.github/workflows/deploy.yml', state: 'active' },
    { id: 2, path: '.github/workflows/retrain.yml', state: 'active' },
    { id: 3, path: 'dynamic/dependabot/dependabot-updates', state: 'active' },
  ];
  /** The site of GitHub Pages; null: none. */
  pages: { build_type: 'legacy' | 'workflow'; public: boolean } | null = null;
  /** By login: the id, and whether the person may read the repository. */
  readonly users = new Map([
    ['octocat', { id: 1, reads: true }],
    ['hubot', { id: 2, reads: true }],
    ['stranger', { id: 3, reads: false }],
  ]);
  readonly teams = new Map([['octo/ml', 10]]);
  /** The permissions of the token; an administrator's classic token has all. */
  permissions: Partial<Record<Permission, Level>> | 'all' = 'all';
  /** Whether the organization forbids to change the token's settings. */
  organizationDecides = false;
  readonly #server: Server;
  #ids = 100;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = 'GET', url = '/', headers } = request;
        this.requests.push({ path: url, authorization: headers.authorization });
        if (method !== 'GET') this.writes.push(`${method} ${url.replace(`/repos/${this.repository}`, '')}`);
        try {
          const {
            status = 200,
            body,
            link,
          } = this.#answer(method, url, Buffer.concat(chunks).toString(), headers);
          response.writeHead(status, {
            'content-type': 'application/json',
            ...(link !== undefined && { link }),
          });
          response.end(body === undefined ? '' : JSON.stringify(body));
        } catch (error) {
          const { status, message, accepted } =
            error instanceof Refusal
              ? error
              : { status: 500, message: String((error as Error).stack), accepted: '' };
          response.writeHead(status, {
            'content-type': 'application/json',
            ...(accepted !== '' && { 'x-accepted-github-permissions': accepted }),
          });
          response.end(JSON.stringify({ message, status: String(status) }));
        }
      });
    });
  }

  static async start(): Promise<GitHubSettings> {
    const settings = new GitHubSettings();
    await new Promise<void>((resolve) => settings.#server.listen(0, '127.0.0.1', resolve));
    return settings;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** An environment as GitHub makes it when a job names it. */
  addEnvironment(name: string, given: Partial<Environment> = {}): Environment {
    const environment: Environment = {
      wait_timer: 0,
      prevent_self_review: false,
      reviewers: [],
      policy: null,
      branches: [],
      variables: new Map(),
      ...given,
    };
    this.environments.set(name, environment);
    return environment;
  }

  #answer(
    method: string,
    url: string,
    text: string,
    { authorization }: { authorization?: string | undefined },
  ): { status?: number; body?: unknown; link?: string } {
    const { pathname, searchParams } = new URL(url, this.url);
    for (const route of this.#routes) {
      const full =
        route.path.startsWith('/users') || route.path.startsWith('/orgs')
          ? route.path
          : `/repos/${this.repository}${route.path}`;
      const match = new RegExp(`^${full.replaceAll(/\{\w+\}/g, '([^/]+)')}$`).exec(pathname);
      if (match === null || route.method !== method) continue;
      this.#authorize(route, authorization);
      const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
      const invalid = whyInvalid(`${method} ${route.path}`, body);
      if (invalid !== undefined) throw new Refusal(422, invalid);
      const answer = route.answer({ match: match.slice(1).map(decodeURIComponent), body }) ?? { status: 204 };
      return method === 'GET' ? this.#page(answer, searchParams, url) : answer;
    }
    throw new Refusal(404, 'Not Found');
  }

  #authorize({ method, needs }: Route, authorization: string | undefined): void {
    if (authorization === 'Bearer unknown') throw new Refusal(401, 'Bad credentials');
    if (authorization === undefined && (method !== 'GET' || this.visibility === 'private'))
      throw new Refusal(404, 'Not Found');
    if (needs === null) return;
    const [what, level] = needs;
    if (authorization === undefined) {
      if (what !== 'metadata' && what !== 'actions') throw new Refusal(401, 'Requires authentication');
      return;
    }
    if (this.permissions === 'all') return;
    const has = what === 'metadata' ? 'read' : this.permissions[what];
    if (has === 'write' || has === level) return;
    if (this.visibility === 'public' && what === 'actions' && level === 'read') return;
    throw new Refusal(403, 'Resource not accessible by personal access token', `${what}=${level}`);
  }

  #page({ status, body }: { status?: number; body?: unknown }, query: URLSearchParams, url: string) {
    const held = Array.isArray(body)
      ? null
      : Object.entries((body ?? {}) as Record<string, unknown>).find(
          ([name, value]) => Array.isArray(value) && name !== 'topics',
        );
    const all = (Array.isArray(body) ? body : held?.[1]) as unknown[] | undefined;
    if (all === undefined) return { ...(status !== undefined && { status }), body };
    const most = url.includes('/variables') ? 30 : 100;
    const size = Math.min(most, Number(query.get('per_page') ?? 30));
    const page = Number(query.get('page') ?? 1);
    const part = all.slice((page - 1) * size, page * size);
    const next = new URL(url, this.url);
    next.searchParams.set('page', String(page + 1));
    return {
      body: held === null || held === undefined ? part : { ...(body as object), [held[0]]: part },
      ...(page * size < all.length && { link: `<${next.href}>; rel="next"` }),
    };
  }

  get #routes(): Route[] {
    const environmentOf = (name: string | undefined) => {
      const environment = this.environments.get(name ?? '');
      if (environment === undefined) throw new Refusal(404, 'Not Found');
      return environment;
    };
    const put = <T>(into: Record<string, T>, body: object) => void Object.assign(into, body);
    return [
      {
        method: 'GET',
        path: '',
        needs: ['metadata', 'read'],
        answer: () => ({
          body: {
            full_name: this.repository,
            default_branch: this.branch,
            visibility: this.visibility,
            private: this.visibility === 'private',
            owner: { login: 'octo', type: this.ownerType },
            pushed_at: this.pushedAt,
            created_at: '2026-01-01T00:00:00Z',
            permissions: {
              admin: this.permissions === 'all' || this.permissions.administration !== undefined,
            },
          },
        }),
      },
      {
        method: 'GET',
        path: '/rules/branches/{branch}',
        needs: ['metadata', 'read'],
        answer: ({ match: [branch] }) => {
          this.#requirePlan();
          return {
            body: this.rulesets
              .filter(
                ({ enforcement, conditions }) =>
                  enforcement === 'active' && this.#applies(conditions, branch ?? ''),
              )
              .flatMap(({ id, rules }) =>
                rules.map((rule) => ({
                  ...rule,
                  ruleset_id: id,
                  ruleset_source: this.repository,
                  ruleset_source_type: 'Repository',
                })),
              ),
          };
        },
      },
      {
        method: 'GET',
        path: '/rulesets',
        needs: ['metadata', 'read'],
        answer: () => {
          this.#requirePlan();
          return {
            body: this.rulesets.map(({ id, name, target, enforcement }) => ({
              id,
              name,
              target,
              enforcement,
            })),
          };
        },
      },
      {
        method: 'GET',
        path: '/rulesets/{ruleset_id}',
        needs: ['metadata', 'read'],
        answer: ({ match: [id] }) => ({ body: this.#ruleset(id) }),
      },
      {
        method: 'POST',
        path: '/rulesets',
        needs: ['administration', 'write'],
        answer: ({ body }) => {
          this.#requirePlan();
          if (this.rulesets.some(({ name }) => name === body.name))
            throw new Refusal(422, 'Validation Failed: Name must be unique');
          const made = {
            target: 'branch',
            rules: [],
            bypass_actors: [],
            ...body,
            id: ++this.#ids,
          } as unknown as Ruleset;
          this.rulesets.push(made);
          return { status: 201, body: made };
        },
      },
      {
        method: 'PUT',
        path: '/rulesets/{ruleset_id}',
        needs: ['administration', 'write'],
        answer: ({ match: [id], body }) => ({ body: Object.assign(this.#ruleset(id), body) }),
      },
      {
        method: 'GET',
        path: '/actions/permissions/workflow',
        needs: ['administration', 'read'],
        answer: () => ({ body: this.token }),
      },
      {
        method: 'PUT',
        path: '/actions/permissions/workflow',
        needs: ['administration', 'write'],
        answer: ({ body }) => {
          if (this.organizationDecides) throw new Refusal(409, 'Conflict');
          return put(this.token as Record<string, unknown>, body) as undefined;
        },
      },
      {
        method: 'GET',
        path: '/actions/permissions',
        needs: ['administration', 'read'],
        answer: () => ({ body: this.actions }),
      },
      {
        method: 'PUT',
        path: '/actions/permissions',
        needs: ['administration', 'write'],
        answer: ({ body }) => put(this.actions, body) as undefined,
      },
      {
        method: 'GET',
        path: '/actions/permissions/fork-pr-contributor-approval',
        needs: ['administration', 'read'],
        answer: () => ({ body: this.forks }),
      },
      {
        method: 'PUT',
        path: '/actions/permissions/fork-pr-contributor-approval',
        needs: ['administration', 'write'],
        answer: ({ body }) => put(this.forks as Record<string, unknown>, body) as undefined,
      },
      {
        method: 'GET',
        path: '/actions/permissions/fork-pr-workflows-private-repos',
        needs: ['administration', 'read'],
        answer: () => ({ body: this.privateForks }),
      },
      {
        method: 'PUT',
        path: '/actions/permissions/fork-pr-workflows-private-repos',
        needs: ['administration', 'write'],
        answer: ({ body }) => put(this.privateForks as Record<string, unknown>, body) as undefined,
      },
      {
        method: 'GET',
        path: '/actions/workflows',
        needs: ['actions', 'read'],
        answer: () => ({ body: { total_count: this.workflows.length, workflows: this.workflows } }),
      },
      {
        method: 'PUT',
        path: '/actions/workflows/{workflow_id}/enable',
        needs: ['actions', 'write'],
        answer: ({ match: [id] }) => {
          const workflow = this.workflows.find((each) => each.id === Number(id));
          if (workflow === undefined) throw new Refusal(404, 'Not Found');
          workflow.state = 'active';
          return undefined;
        },
      },
      {
        method: 'GET',
        path: '/environments',
        needs: ['actions', 'read'],
        answer: () => ({
          body: {
            total_count: this.environments.size,
            environments: [...this.environments].map(([name, environment]) => this.#shown(name, environment)),
          },
        }),
      },
      {
        method: 'PUT',
        path: '/environments/{environment_name}',
        needs: ['administration', 'write'],
        answer: ({ match: [name = ''], body }) => this.#putEnvironment(name, body),
      },
      {
        method: 'GET',
        path: '/environments/{environment_name}/deployment-branch-policies',
        needs: ['actions', 'read'],
        answer: ({ match: [name] }) => {
          const { branches } = environmentOf(name);
          return { body: { total_count: branches.length, branch_policies: branches } };
        },
      },
      {
        method: 'POST',
        path: '/environments/{environment_name}/deployment-branch-policies',
        needs: ['administration', 'write'],
        answer: ({ match: [name], body }) => {
          const { policy, branches } = environmentOf(name);
          if (policy?.custom_branch_policies !== true) throw new Refusal(404, 'Not Found');
          if (branches.some((each) => each.name === body.name)) throw new Refusal(303, '');
          const made = { type: 'branch', ...(body as { name: string }), id: ++this.#ids };
          branches.push(made);
          return { body: made };
        },
      },
      {
        method: 'DELETE',
        path: '/environments/{environment_name}/deployment-branch-policies/{branch_policy_id}',
        needs: ['administration', 'write'],
        answer: ({ match: [name, id] }) => {
          const environment = environmentOf(name);
          environment.branches = environment.branches.filter((each) => each.id !== Number(id));
          return undefined;
        },
      },
      ...this.#variableRoutes(
        '/environments/{environment_name}/variables',
        'environments',
        (match) => environmentOf(match[0]).variables,
      ),
      ...this.#variableRoutes('/actions/variables', 'variables', () => this.variables),
      {
        method: 'GET',
        path: '/actions/variables/{name}',
        needs: ['variables', 'read'],
        answer: ({ match: [name = ''] }) => {
          const value = this.variables.get(name);
          if (value === undefined) throw new Refusal(404, 'Not Found');
          return { body: { name, value } };
        },
      },
      {
        method: 'GET',
        path: '/pages',
        needs: ['pages', 'read'],
        answer: () => {
          if (this.pages === null) throw new Refusal(404, 'Not Found');
          return { body: this.pages };
        },
      },
      {
        method: 'GET',
        path: '/users/{username}',
        needs: null,
        answer: ({ match: [login = ''] }) => {
          const user = this.users.get(login);
          if (user === undefined) throw new Refusal(404, 'Not Found');
          return { body: { login, id: user.id, type: 'User' } };
        },
      },
      {
        method: 'GET',
        path: '/orgs/{org}/teams/{team_slug}',
        needs: ['members', 'read'],
        answer: ({ match: [organization, team] }) => {
          const id = this.teams.get(`${organization}/${team}`);
          if (id === undefined) throw new Refusal(404, 'Not Found');
          return { body: { id, slug: team } };
        },
      },
    ];
  }

  #variableRoutes(path: string, what: Permission, of: (match: string[]) => Map<string, string>): Route[] {
    const there = (variables: Map<string, string>, name: string) => {
      if (!variables.has(name)) throw new Refusal(404, 'Not Found');
    };
    return [
      {
        method: 'GET',
        path,
        needs: [what, 'read'],
        answer: ({ match }) => {
          const variables = [...of(match)].map(([name, value]) => ({ name, value }));
          return { body: { total_count: variables.length, variables } };
        },
      },
      {
        method: 'POST',
        path,
        needs: [what, 'write'],
        answer: ({ match, body }) => {
          const { name, value } = body as { name: string; value: string };
          if (of(match).has(name)) throw new Refusal(409, 'Already exists - Variable already exists');
          of(match).set(name, value);
          return { status: 201, body: {} };
        },
      },
      {
        method: 'PATCH',
        path: `${path}/{name}`,
        needs: [what, 'write'],
        answer: ({ match, body }) => {
          const name = match.at(-1) ?? '';
          there(of(match), name);
          of(match).set(name, String(body.value));
          return undefined;
        },
      },
      {
        method: 'DELETE',
        path: `${path}/{name}`,
        needs: [what, 'write'],
        answer: ({ match }) => {
          const name = match.at(-1) ?? '';
          there(of(match), name);
          of(match).delete(name);
          return undefined;
        },
      },
    ];
  }

  #ruleset(id: string | undefined): Ruleset {
    const found = this.rulesets.find((ruleset) => ruleset.id === Number(id));
    if (found === undefined) throw new Refusal(404, 'Not Found');
    return found;
  }

  #applies(conditions: Ruleset['conditions'], branch: string): boolean {
    const { include = [], exclude = [] } = conditions?.ref_name ?? {};
    const names = ['~ALL', `refs/heads/${branch}`, ...(branch === this.branch ? ['~DEFAULT_BRANCH'] : [])];
    return include.some((each) => names.includes(each)) && !exclude.some((each) => names.includes(each));
  }

  #requirePlan(): void {
    if (this.visibility === 'private' && this.plan === 'free')
      throw new Refusal(403, 'Upgrade to GitHub Pro or make this repository public to enable this feature.');
  }

  #putEnvironment(name: string, body: Record<string, unknown>): Answer {
    const { wait_timer = 0, prevent_self_review = false } = body as Partial<Environment>;
    const reviewers = (body.reviewers ?? []) as Environment['reviewers'];
    const policy = (body.deployment_branch_policy ?? null) as Environment['policy'];
    const refuse = (what: string) => {
      throw new Refusal(422, `Failed to create the environment protection rule. ${what}`);
    };
    if (policy !== null && policy.protected_branches === policy.custom_branch_policies)
      throw new Refusal(
        422,
        'Validation Failed: protected_branches and custom_branch_policies cannot have the same value',
      );
    const isPrivate = this.visibility === 'private';
    if (isPrivate && this.plan !== 'enterprise' && reviewers.length > 0)
      refuse('Please ensure the billing plan supports the required reviewers protection rule.');
    if (isPrivate && this.plan === 'free' && policy !== null)
      refuse('Please ensure the billing plan supports the branch policy protection rule.');
    if (prevent_self_review && reviewers.length === 0)
      refuse('Required reviewers must have at least one reviewer to set prevent_self_review.');
    if (reviewers.length > 6) refuse('At most six reviewers.');
    const reads = reviewers.filter(
      ({ type, id }) =>
        type === 'Team' || [...this.users.values()].some((user) => user.id === id && user.reads),
    );
    const { branches = [], variables = new Map() } = this.environments.get(name) ?? {};
    const environment = this.addEnvironment(name, {
      wait_timer,
      prevent_self_review,
      reviewers: reads,
      policy,
      branches: policy?.custom_branch_policies ? branches : [],
      variables,
    });
    return { body: this.#shown(name, environment) };
  }

  #shown(name: string, { wait_timer, prevent_self_review, reviewers, policy }: Environment): object {
    const nameOf = ({ type, id }: { type: string; id: number }) =>
      type === 'User'
        ? { id, login: [...this.users].find(([, user]) => user.id === id)?.[0] }
        : { id, slug: [...this.teams].find(([, team]) => team === id)?.[0].replace(/^.*\//, '') };
    return {
      id: 1,
      name,
      protection_rules: [
        ...(wait_timer > 0 ? [{ id: 1, type: 'wait_timer', wait_timer }] : []),
        ...(reviewers.length > 0
          ? [
              {
                id: 2,
                type: 'required_reviewers',
                prevent_self_review,
                reviewers: reviewers.map((each) => ({ type: each.type, reviewer: nameOf(each) })),
              },
            ]
          : []),
        ...(policy === null ? [] : [{ id: 3, type: 'branch_policy' }]),
      ],
      deployment_branch_policy: policy,
    };
  }
}
