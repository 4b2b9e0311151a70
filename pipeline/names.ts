import { sha256 } from './hash.ts';

/** One deployed environment of one project. */
export interface Deployment {
  /** At most 20 characters, a-z, 0-9 and hyphens (mlops.yaml: project). */
  project: string;
  /** At most 12 characters (mlops.yaml: environments). */
  environment: string;
  /** Twelve digits. */
  account: string;
  region: string;
}

/** The functions that the machines call. */
export type StepName = 'lease' | 'plan' | 'inspect' | 'gate' | 'register' | 'promote' | 'record';
export type FunctionName = StepName | 'close-run';
export type ImageName = 'model' | 'prepare';

const functionNames: FunctionName[] = [
  'lease',
  'plan',
  'inspect',
  'gate',
  'register',
  'promote',
  'record',
  'close-run',
];

/**
 * The names and ARNs of all that an environment deploys. The CDK app gives them and the backend looks for them, so
 * neither needs the other's outputs. Every one is within its service's limit for the longest project, environment
 * and region: bucket 63, role and function 64, package group 63, machine 80, bootstrap qualifier 10.
 *
 * Two hyphens part project, environment and the rest. No project or environment has two in a row, so `PROJECT--ENV--*`
 * in a policy is this environment and no other, whatever else the account holds: `churn--test--*` is neither of
 * project `churn-2` nor of environment `test-2`.
 */
export function resourceNames(deployment: Deployment) {
  const { project, environment, account, region } = deployment;
  const partition = partitionOf(region);
  const stack = `${project}--${environment}`;
  const arn = (service: string, rest: string) => `arn:${partition}:${service}:${region}:${account}:${rest}`;
  const role = (name: string) => {
    const roleName = `${stack}--${name}`;
    return { name: roleName, arn: `arn:${partition}:iam::${account}:role/${roleName}` };
  };
  // Bucket names are global, and account and region in full would not fit. Nobody asks for them by a pattern.
  const bucket = (name: string) =>
    `${project}-${environment}-${name}-${sha256(`${project} ${environment} ${account} ${region}`).slice(0, 10)}`;
  const machine = (name: string) => ({
    name: `${stack}--${name}`,
    arn: arn('states', `stateMachine:${stack}--${name}`),
  });
  return {
    partition,
    stack,
    identityStack: `${stack}--identity`,
    /** Of `cdk bootstrap`: one an environment, so that each has its own execution policy. */
    qualifier: `m${sha256(`${project} ${environment}`).slice(0, 9)}`,
    artifactsBucket: bucket('artifacts'),
    dataBucket: bucket('data'),
    /** Where a run's artifacts are: StepContext.root. */
    root: `s3://${bucket('artifacts')}/${project}`,
    ledgerTable: `${stack}--ledger`,
    ledgerTableArn: arn('dynamodb', `table/${stack}--ledger`),
    /** Of every model of the environment, as a policy names them. */
    packageGroups: packageGroup(stack, '*'),
    functions: Object.fromEntries(
      functionNames.map((name) => [
        name,
        { name: `${stack}--${name}`, arn: arn('lambda', `function:${stack}--${name}`) },
      ]),
    ) as Record<FunctionName, { name: string; arn: string }>,
    machines: { evaluate: machine('train-evaluate'), promote: machine('train-promote') },
    candidateRepository: `${project}/${environment}/candidate`,
    releaseRepository: `${project}/${environment}/release`,
    /** `HOST/REPOSITORY` is an image's URI before its tag or digest. */
    registryHost: `${account}.dkr.ecr.${region}.${partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com'}`,
    /** What the names of SageMaker's jobs and models begin with, before a hyphen. */
    jobPrefix: jobPrefix(deployment),
    jobRole: role('job'),
    /** Of the prepare job, where prepare.engine is glue or fargate. */
    prepare: {
      /** A Glue job, its connections and security configuration; the family of an ECS task's definitions. */
      job: `${stack}--prepare`,
      cluster: stack,
      clusterArn: arn('ecs', `cluster/${stack}`),
      role: role('prepare'),
      executionRole: role('prepare-execution'),
      glueLogs: `/aws-glue/jobs/${stack}--prepare`,
      ecsLogs: `/aws/ecs/${stack}--prepare`,
    },
    machineRoles: { evaluate: role('train-evaluate'), promote: role('train-promote') },
    deployRole: role('deploy'),
    pullRequestRole: role('pull-request'),
    permissionsBoundary: `${stack}--boundary`,
    closeRunRule: `${stack}--close-run`,
    notificationTopic: `${stack}--notifications`,
    dashboard: stack,
  };
}

export type ResourceNames = ReturnType<typeof resourceNames>;

/**
 * 21 characters at most: with a run's hash and an attempt's number a tuning job has the 32 that it may have. The start
 * of both names is for people, the hash of the whole for policies; since only one place has two hyphens, no prefix
 * is the start of another.
 */
function jobPrefix({ project, environment }: Deployment): string {
  const start = (name: string, length: number) => name.slice(0, length).replace(/-$/, '');
  return `${start(project, 9)}-${start(environment, 3)}--${sha256(`${project} ${environment}`).slice(0, 6)}`;
}

/** The model package group of a model: made when its first package is registered. 63 characters at most. */
export const packageGroup = (stack: string, model: string): string => `${stack}--${model}`;

/** An image's tag: the content of its folder. */
export const imageTag = (image: ImageName, contentHash: string): string => `${image}-${contentHash}`;

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
