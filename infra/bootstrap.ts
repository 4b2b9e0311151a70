/** npm run bootstrap -- --environment NAME: a person with administrator access to the account runs it once. */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { type Members, membersOf, signedCall } from '../pipeline/aws/signed-call.ts';
import { hasPullRequestRole } from '../pipeline/config/environment.ts';
import { loadModels } from '../pipeline/config/load.ts';
import { askWorkflows } from '../pipeline/github/ask-workflows.ts';
import { originRepository } from '../pipeline/github/origin-repository.ts';
import { claimsOf, type GitHubRole, issuer, type Workflows } from '../pipeline/github/token-trust.ts';
import { requireAccount } from './cli/account.ts';
import { dollars } from './cli/dollars.ts';
import { failed } from './cli/failed.ts';
import { keepJobLogs } from './cli/job-logs.ts';
import { deployArguments, runCdk } from './cli/run-cdk.ts';
import { type Environment, environmentOf } from './environment.ts';
import type { Identity } from './identity/identity-stack.ts';
import { toolkitStack } from './identity/toolkit-roles.ts';

interface Options {
  environment?: string;
  config: string;
  repository?: string;
  subjectPrefix?: string;
  branch?: string;
  monthlyBudget: number;
}

const program = new Command('bootstrap')
  .description(
    "Deploys an environment's identity and toolkit stacks: the workflows' roles, and what the CDK deploys through.",
  )
  .option('--environment <name>', 'an environment of mlops.yaml; default: the only one')
  .option('--config <file>', 'mlops.yaml', 'mlops.yaml')
  .option('--repository <owner/repo>', 'the GitHub repository; default: the remote origin')
  .option('--subject-prefix <text>', 'repo:OWNER/REPO or repo:OWNER@ID/REPO@ID; default: asks GitHub')
  .option('--branch <name>', 'the default branch; default: asks GitHub, or main with --subject-prefix')
  .option('--monthly-budget <usd>', "the account's budget; mails at 80 % of it", dollars, 100)
  .action(bootstrap);

async function bootstrap(options: Options): Promise<void> {
  const config = resolve(options.config);
  const environment = environmentOf(await loadModels(config), options.environment);
  await requireAccount(environment);
  const identity: Identity = {
    ...(await workflowsOf(options)),
    provider: await providerOf(environment),
    monthlyBudget: options.monthlyBudget,
  };
  if (environment.engine === 'fargate') await createEcsRole(environment);
  await mkdir('.mlops/outputs', { recursive: true });
  const stacks = [environment.names.identityStack, toolkitStack(environment)];
  await runCdk(deployArguments(stacks, resolve('.mlops/outputs', `${stacks[0]}.json`)), {
    environment,
    context: { config, environment: environment.name, identity: JSON.stringify(identity) },
  });
  for (const line of await keepJobLogs(environment.region)) console.log(line);
  console.log(closing(environment, identity));
}

async function workflowsOf({ subjectPrefix, branch, repository }: Options): Promise<Workflows> {
  if (subjectPrefix !== undefined) return { subjectPrefix, branch: branch ?? 'main' };
  const asked = await askWorkflows(repository ?? originRepository());
  return { ...asked, ...(branch !== undefined && { branch }) };
}

/**
 * Creates the role that ECS itself uses, which an account has once it has used ECS. Without it the first cluster with
 * capacity providers fails, and a deployment may not create roles of services.
 */
async function createEcsRole({ region }: Environment): Promise<void> {
  try {
    await signedCall({
      service: 'iam',
      region,
      action: 'CreateServiceLinkedRole',
      parameters: { AWSServiceName: 'ecs.amazonaws.com' },
    });
    console.log('Created the role of Amazon ECS: AWSServiceRoleForECS.');
  } catch (error) {
    if (!/has been taken in this account/.test((error as Error).message)) throw error;
  }
}

/** Uses the provider for GitHub's tokens if the account has one: it can have only one, and other stacks may rely on it. */
async function providerOf({ region }: Environment): Promise<Identity['provider']> {
  const { OpenIDConnectProviderList: list } = await signedCall<{
    OpenIDConnectProviderList?: Members<{ Arn: string }>;
  }>({
    service: 'iam',
    region,
    action: 'ListOpenIDConnectProviders',
    parameters: {},
  });
  return membersOf(list).some(({ Arn }) => Arn.endsWith(`:oidc-provider/${issuer}`)) ? 'existing' : 'create';
}

/** The instructions for what is left to do in GitHub. */
function closing(environment: Environment, identity: Identity): string {
  const { name, names, settings, emails } = environment;
  const place = { environment: name, approval: settings.approval, partition: names.partition };
  const trusted = (role: GitHubRole): string[] =>
    Object.entries(claimsOf(role, identity, place)).map(
      ([claim, values]) => `    ${claim}: ${values.join(' or ')}`,
    );
  const pullRequests = hasPullRequestRole(settings);
  const approval = `${name}-approval`;
  const github = settings.approval ? [name, approval] : [name];
  return [
    '',
    ...(pullRequests ? ['Trusted for evaluate runs of pull requests:', ...trusted('pullRequest')] : []),
    'Trusted for deployments:',
    ...trusted('deploy'),
    'Set these variables of the repository (Settings, Secrets and variables, Actions; or the GitHub CLI):',
    ...(pullRequests ? [`  gh variable set AWS_PULL_REQUEST_ROLE --body ${names.pullRequestRole.arn}`] : []),
    ...github.map(
      (given) => `  gh variable set AWS_DEPLOY_ROLE --env ${given} --body ${names.deployRole.arn}`,
    ),
    ...(pullRequests
      ? []
      : [
          `${name} has no pull-request role, because approval is true: code that nobody has reviewed does not run there.`,
          `Give AWS_PULL_REQUEST_ROLE the role of another environment, or set environments.${name}.pull_request_role: true.`,
        ]),
    `Limit the GitHub environment${github.length > 1 ? 's' : ''} ${github.join(' and ')} to the branch ${identity.branch}` +
      (settings.approval ? `, and give ${approval} required reviewers.` : '.'),
    emails.length > 0
      ? `At 80 % of the budget of ${identity.monthlyBudget} USD a month, AWS mails ${emails.join(', ')}.`
      : 'No budget was created, because nobody would get its mail: set notifications.email in mlops.yaml and run this again.',
    `Then: npm run deploy -- --environment ${name}`,
  ].join('\n');
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = failed(error);
}
