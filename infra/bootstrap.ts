/** npm run bootstrap -- --environment NAME: a person with administrator access to the account runs it once. */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { type Members, membersOf, signedCall } from '../pipeline/aws/signed-call.ts';
import { loadModels } from '../pipeline/config/load.ts';
import { askSubjectPrefix } from '../pipeline/github/ask-subject-prefix.ts';
import { originRepository } from '../pipeline/github/origin-repository.ts';
import { requireAccount } from './cli/account.ts';
import { failed } from './cli/failed.ts';
import { keepJobLogs } from './cli/job-logs.ts';
import { deployArguments, runCdk } from './cli/run-cdk.ts';
import { type Environment, environmentOf } from './environment.ts';
import { type Identity, issuer } from './identity/identity-stack.ts';

interface Options {
  environment?: string;
  config: string;
  repository?: string;
  subjectPrefix?: string;
  monthlyBudget: number;
}

const program = new Command('bootstrap')
  .description(
    "Deploys an environment's identity stack (the workflows' roles) and bootstraps the CDK with it.",
  )
  .option('--environment <name>', 'an environment of mlops.yaml; default: the only one')
  .option('--config <file>', 'mlops.yaml', 'mlops.yaml')
  .option('--repository <owner/repo>', 'the GitHub repository; default: the remote origin')
  .option('--subject-prefix <text>', 'repo:OWNER/REPO or repo:OWNER@ID/REPO@ID; default: asks GitHub')
  .option('--monthly-budget <usd>', "the account's budget; mails at 80 % of it", dollars, 100)
  .action(bootstrap);

async function bootstrap(options: Options): Promise<void> {
  const config = resolve(options.config);
  const environment = environmentOf(await loadModels(config), options.environment);
  await requireAccount(environment);
  const identity: Identity = {
    subjectPrefix:
      options.subjectPrefix ?? (await askSubjectPrefix(options.repository ?? originRepository())),
    provider: await providerOf(environment),
    monthlyBudget: options.monthlyBudget,
  };
  await mkdir('.mlops/outputs', { recursive: true });
  const { names, account, region, settings } = environment;
  const app = {
    environment,
    context: { config, environment: environment.name, identity: JSON.stringify(identity) },
  };
  await runCdk(
    deployArguments([names.identityStack], resolve('.mlops/outputs', `${names.identityStack}.json`)),
    app,
  );
  const policy = (name: string) => `arn:${names.partition}:iam::${account}:policy/${name}`;
  await runCdk(
    [
      'bootstrap',
      `aws://${account}/${region}`,
      '--qualifier',
      names.qualifier,
      '--toolkit-stack-name',
      `${names.stack}--toolkit`,
      '--cloudformation-execution-policies',
      policy(`${names.stack}--execution`),
      '--custom-permissions-boundary',
      settings.permissions_boundary?.replace(/^.*:policy\//, '') ?? names.permissionsBoundary,
    ],
    app,
  );
  for (const line of await keepJobLogs(region)) console.log(line);
  console.log(closing(environment, identity));
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
  return [
    '',
    `Trusted: ${identity.subjectPrefix}:pull_request (evaluate runs), ${identity.subjectPrefix}:environment:${name} (deployments).`,
    'Set these variables of the repository (Settings, Secrets and variables, Actions; or the GitHub CLI):',
    `  gh variable set AWS_PULL_REQUEST_ROLE --body ${names.pullRequestRole.arn}`,
    `  gh variable set AWS_DEPLOY_ROLE --env ${name} --body ${names.deployRole.arn}`,
    ...(settings.approval
      ? [`  gh variable set AWS_DEPLOY_ROLE --env ${name}-approval --body ${names.deployRole.arn}`]
      : []),
    `Restrict the GitHub environment ${name}${settings.approval ? ` to the main branch, and give ${name}-approval reviewers` : ' to the main branch'}: any branch that may use it may deploy.`,
    emails.length > 0
      ? `At 80 % of the budget of ${identity.monthlyBudget} USD a month, AWS mails ${emails.join(', ')}.`
      : 'No budget was created, because nobody would get its mail: set notifications.email in mlops.yaml and run this again.',
    `Then: npm run deploy -- --environment ${name}`,
  ].join('\n');
}

function dollars(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('expected an amount above 0');
  return value;
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = failed(error);
}
