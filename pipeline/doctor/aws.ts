import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { s3Client, stsClient } from '../aws/clients.ts';
import { getSchedule } from '../aws/get-schedule.ts';
import { type Members, membersOf, signedCall } from '../aws/signed-call.ts';
import { deployedContext } from '../backends/aws/deployed-context.ts';
import { hasPullRequestRole } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import { estimate } from '../cost/estimate.ts';
import { formatCountOf } from '../format.ts';
import { askWorkflows } from '../github/ask-workflows.ts';
import { GitHubError } from '../github/github-error.ts';
import { originRepository } from '../github/origin-repository.ts';
import { type Claims, claimsOf, type GitHubRole, type Workflows } from '../github/token-trust.ts';
import { type Deployment, lookSchedule, resourceNames } from '../names.ts';
import { attempt, type Check, ok, problem, warning } from './check.ts';
import { checkLakeFormation } from './lake-formation.ts';
import { modelImageCheck } from './model-image.ts';
import { checkMonitoring } from './monitor.ts';
import { quotaCheck, quotasNeeded } from './quotas.ts';
import { claimsTrusted, trustCheck } from './role-trust.ts';

/** Checks everything that a run in an AWS environment needs; nothing more if the credentials do not work. */
export async function checkAws(config: Config, deployment: Deployment): Promise<Check[]> {
  const identity = await attempt('Identity', () => checkIdentity(deployment));
  if (identity.outcome === 'problem') return [identity];
  const names = resourceNames(deployment);
  const checks = await Promise.all([
    readable('Region', () => checkRegion(config, deployment)),
    readable('Bootstrap', () => checkBootstrap(deployment)),
    readable('Stack', () => checkStack(deployment)),
    readable('Artifacts', () => checkBucket(names.artifactsBucket, deployment)),
    readable('Data bucket', () => checkBucket(names.dataBucket, deployment)),
    checkLakeFormation(names.catalog.database, deployment.region),
    checkTrust(config, deployment),
    ...modelImageCheck(config, deployment).map((check) => readable('Model image', check)),
    ...monitoringChecks(config, deployment),
    readable('Quotas', async () =>
      quotaCheck(quotasNeeded(config), await quotasOf(deployment.region), deployment.region),
    ),
  ]);
  return [identity, ...checks.flat()];
}

/** A check without permission is a warning, not a problem: the roles of GitHub have fewer permissions than a person. */
async function readable(name: string, check: () => Promise<Check>): Promise<Check> {
  return await attempt(name, async () => {
    try {
      return await check();
    } catch (error) {
      if (!isDenied(error)) throw error;
      return warning(
        name,
        'not checked: these credentials lack the permission',
        'Use credentials that may read the account.',
      );
    }
  });
}

/** What looks at production in the environment need; nothing where monitoring is off. */
function monitoringChecks(
  { monitoring, name: model }: Config,
  deployment: Deployment,
): Promise<Check | Check[]>[] {
  if (monitoring === null) return [];
  const context = deployedContext(deployment, model);
  const look = `\`npx mlops monitor --backend aws --environment ${deployment.environment}\` looks now; the alarms of looks say why none came.`;
  return [
    readable('Look schedule', () => checkSchedule(monitoring, model, deployment)),
    checkMonitoring(monitoring, context, look),
  ];
}

async function checkSchedule(
  { schedule }: NonNullable<Config['monitoring']>,
  model: string,
  deployment: Deployment,
): Promise<Check> {
  const { region, environment } = deployment;
  const name = lookSchedule(model);
  const found = await getSchedule(region, resourceNames(deployment).scheduleGroup, name);
  const deploy = `\`npm run deploy -- --environment ${environment}\` makes it as mlops.yaml says.`;
  if (found === null)
    return problem('Look schedule', `${name}: got none, so nobody looks at production`, deploy);
  if (!found.isEnabled)
    return problem('Look schedule', `${name} is disabled, so nobody looks at production`, deploy);
  return ok('Look schedule', `${name}: ${found.expression}, for monitoring.schedule ${schedule}`);
}

const causeOf = (error: unknown): Error => {
  const { cause } = error as Error;
  return cause instanceof Error ? cause : (error as Error);
};
const isDenied = (error: unknown): boolean => /^(AccessDenied|Unauthorized)/.test(causeOf(error).name);

async function checkIdentity({ account, region, environment }: Deployment): Promise<Check> {
  try {
    const { Account = '', Arn = '' } = await stsClient(region).send(new GetCallerIdentityCommand({}));
    if (Account === account) return ok('Identity', `${Arn} of account ${account}, as mlops.yaml says`);
    return problem(
      'Identity',
      `the credentials are of account ${Account} (${Arn}), environments.${environment}.account is ${account}`,
      'Set AWS_PROFILE to a profile of that account, or correct mlops.yaml.',
    );
  } catch (error) {
    // The message already says what to do.
    return problem('Identity', (error as Error).message, 'Then run this again: nothing else can be checked.');
  }
}

async function checkRegion(config: Config, { region }: Deployment): Promise<Check> {
  const all = { prepares: 1, trains: true, scores: 1, earlier: {} };
  const unknown = estimate(config, region, all).jobs.filter(({ usd }) => usd === null);
  if (unknown.length === 0) return ok('Region', `${region}: reachable; the price of every job is known`);
  const types = [...new Set(unknown.map(({ instance, component }) => `${instance} (${component})`))];
  return warning(
    'Region',
    `${region}: reachable; no price is known for ${types.join(', ')}, so cost estimates are incomplete`,
    `\`node scripts/update-prices.ts ${region}\` gets them from AWS.`,
  );
}

/** The lowest version of the bootstrap stack that the CDK accepts. */
const bootstrapVersion = 6;

async function checkBootstrap({ environment, region, ...deployment }: Deployment): Promise<Check> {
  const { qualifier } = resourceNames({ environment, region, ...deployment });
  const mend = `\`npm run bootstrap -- --environment ${environment}\`, once, as an administrator of the account.`;
  try {
    const { Parameter } = await signedCall<{ Parameter?: { Value?: string } }>({
      service: 'ssm',
      region,
      action: 'GetParameter',
      parameters: { Name: `/cdk-bootstrap/${qualifier}/version` },
    });
    const version = Number(Parameter?.Value);
    if (version >= bootstrapVersion) return ok('Bootstrap', `version ${version} (qualifier ${qualifier})`);
    return problem('Bootstrap', `version ${Parameter?.Value}, expected ${bootstrapVersion} or later`, mend);
  } catch (error) {
    if (causeOf(error).name !== 'ParameterNotFound') throw error;
    return problem('Bootstrap', `none for qualifier ${qualifier} in ${region}`, mend);
  }
}

async function checkStack({ environment, region, ...deployment }: Deployment): Promise<Check> {
  const { stack } = resourceNames({ environment, region, ...deployment });
  const deploy = `\`npm run deploy -- --environment ${environment}\``;
  try {
    const { Stacks } = await signedCall<{ Stacks?: Members<Stack> }>({
      service: 'cloudformation',
      region,
      action: 'DescribeStacks',
      parameters: { StackName: stack },
    });
    return stackCheck(stack, membersOf(Stacks)[0], deploy);
  } catch (error) {
    if (!/does not exist/.test((error as Error).message)) throw error;
    return problem('Stack', `${stack} is not deployed in ${region}`, `${deploy} creates it.`);
  }
}

interface Stack {
  StackStatus: string;
  Outputs?: Members<unknown>;
}

function stackCheck(stack: string, answer: Stack | undefined, deploy: string): Check {
  const status = answer?.StackStatus ?? 'UNKNOWN';
  const outputs = membersOf(answer?.Outputs).length;
  if (/^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status)) {
    return ok('Stack', `${stack}: ${status}, ${formatCountOf(outputs, 'output')}`);
  }
  if (status.endsWith('_IN_PROGRESS')) {
    return warning('Stack', `${stack}: ${status}`, 'A deployment is in progress: wait until it ends.');
  }
  if (status === 'UPDATE_ROLLBACK_COMPLETE') {
    return warning(
      'Stack',
      `${stack}: ${status}; the last deployment failed and was rolled back`,
      `Its events in the console say why; then ${deploy}.`,
    );
  }
  return problem(
    'Stack',
    `${stack}: ${status}`,
    status === 'ROLLBACK_COMPLETE'
      ? `Its first deployment failed: delete the stack (its events say why), then ${deploy}.`
      : `Its events in the console say why; continue the rollback there, then ${deploy}.`,
  );
}

async function checkBucket(bucket: string, { region, environment }: Deployment): Promise<Check> {
  const name = bucket.includes('-artifacts-') ? 'Artifacts' : 'Data bucket';
  try {
    await s3Client(region).send(new HeadBucketCommand({ Bucket: bucket }));
    return ok(name, `${bucket} is accessible`);
  } catch (error) {
    const { name: code } = causeOf(error);
    if (code === 'NotFound' || code === 'NoSuchBucket') {
      return problem(
        name,
        `there is no bucket ${bucket}`,
        `\`npm run deploy -- --environment ${environment}\` creates it.`,
      );
    }
    if (code === '403' || code === 'Forbidden' || isDenied(error)) {
      return problem(
        name,
        `${bucket}: these credentials may not read it`,
        'Use the deploy role, or another role with access.',
      );
    }
    throw error;
  }
}

/** Compares the tokens that the two roles of GitHub trust with those of this repository's workflows. */
async function checkTrust(config: Config, deployment: Deployment): Promise<Check[]> {
  const names = resourceNames(deployment);
  const { environment, region } = deployment;
  const settings = config.environments[environment];
  let workflows: Workflows | undefined;
  let unknown = '';
  try {
    workflows = await askWorkflows(originRepository());
  } catch (error) {
    unknown = error instanceof GitHubError ? error.found : `GitHub: ${(error as Error).message}`;
  }
  const expected = (role: GitHubRole): Claims | string =>
    workflows === undefined
      ? unknown
      : claimsOf(role, workflows, {
          environment,
          approval: settings?.approval ?? false,
          partition: names.partition,
        });
  const pullRequests = settings !== undefined && hasPullRequestRole(settings);
  const roles = [
    {
      name: 'Pull request',
      role: names.pullRequestRole.name,
      expected: pullRequests ? expected('pullRequest') : null,
    },
    { name: 'Deploy role', role: names.deployRole.name, expected: expected('deploy') },
  ];
  return await Promise.all(
    roles.map((role) =>
      readable(role.name, async () =>
        trustCheck({ ...role, environment, trusted: await trustOf(role.role, region) }),
      ),
    ),
  );
}

/** null if the role does not exist. */
async function trustOf(role: string, region: string): Promise<Claims[] | null> {
  try {
    const { Role } = await signedCall<{ Role?: { AssumeRolePolicyDocument?: string } }>({
      service: 'iam',
      region,
      action: 'GetRole',
      parameters: { RoleName: role },
    });
    return claimsTrusted(JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')));
  } catch (error) {
    if (causeOf(error).name === 'NoSuchEntity') return null;
    throw error;
  }
}

interface QuotaPage {
  Quotas?: { QuotaName?: string; Value?: number }[];
  NextToken?: string;
}

/** The account's current SageMaker quotas, by name. */
async function quotasOf(region: string): Promise<Map<string, number>> {
  const quotas = new Map<string, number>();
  let token: string | undefined;
  do {
    const page = await signedCall<QuotaPage>({
      service: 'servicequotas',
      region,
      action: 'ListServiceQuotas',
      parameters: {
        ServiceCode: 'sagemaker',
        MaxResults: 100,
        ...(token !== undefined && { NextToken: token }),
      },
    });
    for (const { QuotaName = '', Value } of page.Quotas ?? [])
      if (Value !== undefined) quotas.set(QuotaName, Value);
    token = page.NextToken;
  } while (token !== undefined);
  return quotas;
}
