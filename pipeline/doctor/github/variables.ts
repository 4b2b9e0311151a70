import type { GitHubClient } from '../../github/client.ts';
import { GitHubRefusal } from '../../github/client.ts';
import { type Deployment, resourceNames } from '../../names.ts';
import { ok, problem, warning } from '../check.ts';
import { type Change, type Finding, finding, protect, unseen } from './finding.ts';
import type { Repository } from './repository.ts';

interface Variable {
  name: string;
  value: string;
}

const pullRequestRole = 'AWS_PULL_REQUEST_ROLE';
const deployRole = 'AWS_DEPLOY_ROLE';
/** GitHub pages variables by 30 at most. */
const variablesOf = (client: GitHubClient, path: string) =>
  client.list<Variable>(`${path}?per_page=30`, 'variables');

/** An environment of mlops.yaml, as far as variables are about it. */
interface Deployed {
  deployment: Deployment;
  approval: boolean;
}

/** Whether the roles' variables are where the workflows read them: one of the repository, the other of each environment. */
export async function checkVariables(
  client: GitHubClient,
  repository: Repository,
  environments: readonly Deployed[],
): Promise<Finding[]> {
  const place = `${repository.path}/actions/variables`;
  const all = await variablesOf(client, place);
  const set = (name: string) => all.find((variable) => variable.name === name)?.value;
  const role = set(pullRequestRole);
  const deploy = await Promise.all(
    environments.flatMap(({ deployment, approval }) =>
      [deployment.environment, ...(approval ? [`${deployment.environment}-approval`] : [])].map(
        async (environment) =>
          await checkDeployRole({ client, repository, environment, deployment, onAws: role !== undefined }),
      ),
    ),
  );
  return [
    checkPullRequestRole(role, environments),
    ...(set(deployRole) === undefined
      ? []
      : [
          finding(
            problem(deployRole, 'is set for the whole repository, expected only in environments', protect),
            [
              {
                does: `Delete the repository's variable ${deployRole}: each environment has its own`,
                method: 'DELETE',
                path: `${place}/${deployRole}`,
              },
            ],
          ),
        ]),
    ...deploy,
  ];
}

function checkPullRequestRole(value: string | undefined, environments: readonly Deployed[]): Finding {
  const roles = environments.map(({ deployment }) => ({
    environment: deployment.environment,
    arn: resourceNames(deployment).pullRequestRole.arn,
  }));
  const [first] = roles;
  const advice = `Once \`npm run bootstrap\` has made it: \`gh variable set ${pullRequestRole} --body ${first?.arn}\`.`;
  if (value === undefined)
    return finding(warning(pullRequestRole, "is not set, so everything runs on GitHub's runners", advice));
  const of = roles.find(({ arn }) => arn === value);
  if (of !== undefined) return finding(ok(pullRequestRole, `that of ${of.environment}: runs are on AWS`));
  return finding(
    problem(
      pullRequestRole,
      `is ${value}, expected the role of an environment of mlops.yaml: ${roles.map(({ arn }) => arn).join(' or ')}`,
      advice,
    ),
  );
}

async function checkDeployRole(of: {
  client: GitHubClient;
  repository: Repository;
  environment: string;
  deployment: Deployment;
  onAws: boolean;
}): Promise<Finding> {
  const { client, repository, environment, deployment, onAws } = of;
  const name = `${deployRole} of ${environment}`;
  const { arn } = resourceNames(deployment).deployRole;
  const place = `${repository.path}/environments/${encodeURIComponent(environment)}/variables`;
  let value: string | undefined;
  try {
    value = (await variablesOf(client, place)).find((variable) => variable.name === deployRole)?.value;
  } catch (error) {
    if (!(error instanceof GitHubRefusal)) throw error;
    // The environment may not exist yet. Its own check says so, and comes first.
    if (error.status !== 404) return unseen(name, error);
  }
  if (value === arn) return finding(ok(name, 'the role of mlops.yaml'));
  const change: Change =
    value === undefined
      ? {
          does: `Set ${deployRole} of the environment ${environment} to ${arn}`,
          method: 'POST',
          path: place,
          body: { name: deployRole, value: arn },
        }
      : {
          does: `Set ${deployRole} of the environment ${environment} to ${arn}, which is ${value} now`,
          method: 'PATCH',
          path: `${place}/${deployRole}`,
          body: { value: arn },
        };
  const detail = `is ${value ?? 'not set'}, expected ${arn}`;
  return finding((onAws ? problem : warning)(name, detail, protect), [change]);
}
