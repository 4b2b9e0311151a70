import type { GitHubClient } from '../../github/client.ts';
import { ok, problem, warning } from '../check.ts';
import { type Finding, finding, protect } from './finding.ts';
import type { Repository } from './repository.ts';

interface TokenSettings {
  default_workflow_permissions: 'read' | 'write';
  can_approve_pull_request_reviews: boolean;
}

/** What a workflow's token may do where a workflow does not say. The workflows here all say it. */
export async function checkToken(client: GitHubClient, { path }: Repository): Promise<Finding> {
  const settings = await client.get<TokenSettings>(`${path}/actions/permissions/workflow`);
  const wrong = [
    ...(settings.default_workflow_permissions === 'read' ? [] : ['writes unless a workflow says otherwise']),
    ...(settings.can_approve_pull_request_reviews ? ['may create and approve pull requests'] : []),
  ];
  if (wrong.length === 0)
    return finding(ok('Token', 'workflows get a token that reads, and approves no pull request'));
  return finding(problem('Token', `the token of workflows ${wrong.join(', and ')}`, protect), [
    {
      does: 'Let the token of workflows only read by default, and neither create nor approve pull requests',
      method: 'PUT',
      path: `${path}/actions/permissions/workflow`,
      body: { default_workflow_permissions: 'read', can_approve_pull_request_reviews: false },
    },
  ]);
}

interface ActionsSettings {
  enabled: boolean;
  allowed_actions?: string;
  sha_pinning_required?: boolean;
}

/** Whether workflows run at all, and only actions that are pinned by commit, as all of these workflows pin them. */
export async function checkPinning(client: GitHubClient, { path }: Repository): Promise<Finding> {
  const { enabled, allowed_actions, sha_pinning_required } = await client.get<ActionsSettings>(
    `${path}/actions/permissions`,
  );
  if (enabled && sha_pinning_required)
    return finding(ok('Actions', 'run, and only those of other repositories that are pinned by commit'));
  const change = {
    does: `${enabled ? '' : 'Enable Actions, and '}${enabled ? 'Run' : 'run'} actions of other repositories only if they are pinned by commit`,
    method: 'PUT',
    path: `${path}/actions/permissions`,
    body: {
      enabled: true,
      // GitHub sets it back to `all` if it is left out while Actions are enabled anew.
      ...(allowed_actions !== undefined && { allowed_actions }),
      sha_pinning_required: true,
    },
  } as const;
  const check = enabled
    ? warning('Actions', 'a workflow may use an action by a tag or branch, which its owner can move', protect)
    : problem('Actions', 'are disabled, so no workflow runs', protect);
  return finding(check, [change]);
}

interface PrivateForks {
  run_workflows_from_fork_pull_requests: boolean;
  send_write_tokens_to_workflows?: boolean;
  send_secrets_and_variables?: boolean;
  require_approval_for_fork_pr_workflows?: boolean;
}

/** What a pull request of a fork may start. Its workflows hold no credential here, but they take the runner's time. */
export async function checkForks(client: GitHubClient, { path, isPublic }: Repository): Promise<Finding> {
  if (isPublic) {
    const place = `${path}/actions/permissions/fork-pr-contributor-approval`;
    const { approval_policy } = await client.get<{ approval_policy: string }>(place);
    if (approval_policy === 'all_external_contributors')
      return finding(ok('Forks', 'a person approves the workflows of every outside contributor'));
    return finding(
      warning(
        'Forks',
        `workflows of pull requests run without approval for some outside contributors (${approval_policy})`,
        protect,
      ),
      [
        {
          does: 'Ask for approval before the workflows of any outside contributor run',
          method: 'PUT',
          path: place,
          body: { approval_policy: 'all_external_contributors' },
        },
      ],
    );
  }
  const place = `${path}/actions/permissions/fork-pr-workflows-private-repos`;
  const settings = await client.get<PrivateForks>(place);
  if (!settings.run_workflows_from_fork_pull_requests)
    return finding(ok('Forks', "a fork's pull request runs no workflow"));
  const wrong = [
    ...(settings.send_write_tokens_to_workflows ? ['get a token that writes'] : []),
    ...(settings.send_secrets_and_variables ? ['get secrets and variables'] : []),
    ...(settings.require_approval_for_fork_pr_workflows ? [] : ['run without approval']),
  ];
  if (wrong.length === 0) return finding(ok('Forks', 'their workflows run once approved, without a secret'));
  const powerful = settings.send_write_tokens_to_workflows || settings.send_secrets_and_variables;
  return finding(
    (powerful ? problem : warning)('Forks', `their workflows ${wrong.join(', and ')}`, protect),
    [
      {
        does: 'Give the workflows of forks no token that writes, no secret and no variable, and ask for approval before they run',
        method: 'PUT',
        path: place,
        body: {
          run_workflows_from_fork_pull_requests: true,
          send_write_tokens_to_workflows: false,
          send_secrets_and_variables: false,
          require_approval_for_fork_pr_workflows: true,
        },
      },
    ],
  );
}
