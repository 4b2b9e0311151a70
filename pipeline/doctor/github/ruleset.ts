import type { GitHubClient } from '../../github/client.ts';
import { ok, problem } from '../check.ts';
import { type Finding, finding, protect } from './finding.ts';
import type { Repository } from './repository.ts';

/** The commit status that every pull request gets, wherever it ran: red if the gate rejects the model. */
export const verdictContext = 'mlops / verdict';

/** The ruleset that `--fix` makes and keeps up to date. */
const rulesetName = 'mlops';

interface Rule {
  type: string;
  parameters?: {
    required_status_checks?: { context: string; integration_id?: number }[];
    [name: string]: unknown;
  };
}

interface Ruleset {
  id: number;
  name: string;
  rules?: Rule[];
  bypass_actors?: object[];
  conditions?: object;
}

/** What the rules of the default branch must say: no change but by a pull request with a verdict. */
export async function checkRuleset(client: GitHubClient, repository: Repository): Promise<Finding> {
  const { path, branch } = repository;
  // The rules of all rulesets that apply to the branch, those of the organization included.
  const rules = await client.list<Rule>(`${path}/rules/branches/${encodeURIComponent(branch)}?per_page=100`);
  const missing = expectedOf(rules);
  if (missing.length === 0)
    return finding(ok('Branch', `${branch}: changed only by pull requests with the check ${verdictContext}`));
  const check = problem('Branch', `${branch}: no rule ${missing.join(', none ')}`, protect);
  return finding(check, [await changeOf(client, repository)]);
}

/** What is missing, each as the end of "no rule ...". */
function expectedOf(rules: readonly Rule[]): string[] {
  const has = (type: string) => rules.some((rule) => rule.type === type);
  const contexts = rules.flatMap(({ parameters }) => parameters?.required_status_checks ?? []);
  return [
    ...(has('pull_request') ? [] : ['requires a pull request']),
    ...(contexts.some(({ context }) => context === verdictContext)
      ? []
      : [`requires the check ${verdictContext}`]),
    ...(has('non_fast_forward') ? [] : ['forbids force pushes']),
    ...(has('deletion') ? [] : ['forbids deletion']),
  ];
}

async function changeOf(client: GitHubClient, { path, branch, ownerIsOrganization }: Repository) {
  const all = await client.list<Ruleset>(`${path}/rulesets?includes_parents=false&per_page=100`);
  const own = all.find(({ name }) => name === rulesetName);
  const wanted = wantedRules(ownerIsOrganization);
  const says = `a pull request${ownerIsOrganization ? ' with one approval' : ''}, the check ${verdictContext} on the latest ${branch}, no force push, no deletion`;
  const conditions = { ref_name: { include: ['~DEFAULT_BRANCH'], exclude: [] } };
  if (own === undefined)
    return {
      does: `Create the ruleset ${rulesetName} for the default branch: ${says}`,
      method: 'POST',
      path: `${path}/rulesets`,
      body: { name: rulesetName, target: 'branch', enforcement: 'active', conditions, rules: wanted },
    } as const;
  const { rules = [], bypass_actors } = await client.get<Ruleset>(`${path}/rulesets/${own.id}`);
  return {
    does: `Complete the ruleset ${rulesetName} and keep its other rules: ${says}`,
    method: 'PUT',
    path: `${path}/rulesets/${own.id}`,
    body: {
      name: rulesetName,
      target: 'branch',
      enforcement: 'active',
      ...(bypass_actors !== undefined && { bypass_actors }),
      conditions,
      rules: completed(rules, wanted),
    },
  } as const;
}

/**
 * In a repository of one person nobody else could approve. GitHub takes the check from any app, because its answer
 * does not say which app sets a commit status.
 */
function wantedRules(ownerIsOrganization: boolean): Rule[] {
  return [
    { type: 'deletion' },
    { type: 'non_fast_forward' },
    {
      type: 'pull_request',
      parameters: {
        required_approving_review_count: ownerIsOrganization ? 1 : 0,
        dismiss_stale_reviews_on_push: true,
        require_code_owner_review: ownerIsOrganization,
        require_last_push_approval: ownerIsOrganization,
        required_review_thread_resolution: false,
      },
    },
    {
      type: 'required_status_checks',
      parameters: {
        required_status_checks: [{ context: verdictContext }],
        // Otherwise a merge could combine a reviewed model with other changes of the branch.
        strict_required_status_checks_policy: true,
      },
    },
  ];
}

/** The rules that are there, such as a merge queue, with what they lack. */
function completed(rules: readonly Rule[], wanted: readonly Rule[]): Rule[] {
  const kept = rules.map((rule) => {
    const { required_status_checks: checks } = rule.parameters ?? {};
    if (rule.type !== 'required_status_checks' || checks === undefined) return rule;
    if (checks.some(({ context }) => context === verdictContext)) return rule;
    return {
      ...rule,
      parameters: { ...rule.parameters, required_status_checks: [...checks, { context: verdictContext }] },
    };
  });
  return [...kept, ...wanted.filter(({ type }) => !rules.some((rule) => rule.type === type))];
}
