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

/** The names of projects and models: they fit into SageMaker's and IAM's names, and are one folder of a path. */
export const namePattern = /^[a-z](?=.{1,19}$)(-?[a-z0-9])+$/;

/** The functions that the train machine calls. */
export const trainStepNames = [
  'lease',
  'plan',
  'keep',
  'inspect',
  'gate',
  'register',
  'promote',
  'record',
] as const;
export type TrainStep = (typeof trainStepNames)[number];
/** The functions that the release machine calls. */
export const releaseStepNames = [
  'lease',
  'plan-release',
  'keep-release',
  'smoke',
  'point',
  'page',
  'record-release',
] as const;
export type ReleaseStep = (typeof releaseStepNames)[number];
/** The functions that the monitor machine calls. */
export const monitorStepNames = ['plan-look', 'judge', 'page-look', 'record-look'] as const;
export type MonitorStep = (typeof monitorStepNames)[number];
/** The functions that the machines call. */
export type StepName = TrainStep | ReleaseStep | MonitorStep;
/** The functions that are deployed; `landed`, `predict` and those of the monitor machine only where mlops.yaml asks for them. */
export type FunctionName = StepName | 'close-run' | 'landed' | 'predict';
/** The functions of the train machine, and the one that closes runs and releases. */
export type TrainFunction = TrainStep | 'close-run';
/** The functions of the release machine alone. */
export type ReleaseFunction = Exclude<ReleaseStep, TrainStep>;
export type ImageName = 'model' | 'prepare';

// The machines share the function lease.
const functionNames = new Set<FunctionName>([
  ...trainStepNames,
  ...releaseStepNames,
  ...monitorStepNames,
  'close-run',
  'landed',
  'predict',
]);

/**
 * The names and ARNs of everything that an environment deploys. The CDK app and the backend both compute them, so
 * neither needs the other's outputs. With the longest project, environment and region each name is within its
 * service's limit: bucket 63, role and function 64, package group 63, machine 80, bootstrap qualifier 10.
 *
 * Two hyphens separate project, environment and the rest. No project or environment contains two in a row, so
 * `PROJECT--ENV--*` in a policy matches this environment only: `churn--test--*` matches neither project `churn-2` nor
 * environment `test-2`.
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
  // Bucket names are global, but account and region do not fit in full. Nothing looks for them by a pattern.
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
    /** Qualifier of `cdk bootstrap`, one per environment, so that each has its own execution policy. */
    qualifier: `m${sha256(`${project} ${environment}`).slice(0, 9)}`,
    artifactsBucket: bucket('artifacts'),
    dataBucket: bucket('data'),
    /** Prefix of all artifacts of runs: StepContext.root. */
    root: `s3://${bucket('artifacts')}/${project}`,
    ledgerTable: `${stack}--ledger`,
    ledgerTableArn: arn('dynamodb', `table/${stack}--ledger`),
    /** Pattern that matches the package group of every model in the environment. */
    packageGroups: packageGroup(stack, '*'),
    functions: Object.fromEntries(
      [...functionNames].map((name) => [
        name,
        { name: `${stack}--${name}`, arn: arn('lambda', `function:${stack}--${name}`) },
      ]),
    ) as Record<FunctionName, { name: string; arn: string }>,
    machines: { evaluate: machine('train-evaluate'), promote: machine('train-promote') },
    releaseMachine: machine('release'),
    monitorMachine: machine('monitor'),
    candidateRepository: `${project}/${environment}/candidate`,
    releaseRepository: `${project}/${environment}/release`,
    /** An image's URI starts with `HOST/REPOSITORY`, before its tag or digest. */
    registryHost: `${account}.dkr.ecr.${region}.${partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com'}`,
    /** Start of the names of SageMaker jobs and models; a hyphen follows. */
    jobPrefix: jobPrefix(deployment),
    /** The role of SageMaker's jobs by the mode of their run. */
    jobRoles: { evaluate: role('job-evaluate'), promote: role('job') },
    /** Names for the prepare job if prepare.engine is glue or fargate. */
    prepare: {
      /** Start of the names of connections and security configuration. */
      job: `${stack}--prepare`,
      /** By mode: the Glue job, or the family of ECS task definitions, and the role of its program. */
      evaluate: { job: `${stack}--prepare-evaluate`, role: role('prepare-evaluate') },
      promote: { job: `${stack}--prepare`, role: role('prepare') },
      cluster: stack,
      clusterArn: arn('ecs', `cluster/${stack}`),
      executionRole: role('prepare-execution'),
      glueLogs: `/aws-glue/jobs/${stack}--prepare`,
      ecsLogs: `/aws/ecs/${stack}--prepare`,
    },
    machineRoles: { evaluate: role('train-evaluate'), promote: role('train-promote') },
    releaseRole: role('release'),
    monitorRole: role('monitor'),
    /** The group of schedules: of timetables, of looks at production and of looks at files that land. */
    scheduleGroup: stack,
    /** The role with which EventBridge Scheduler calls the function landed. */
    schedulerRole: role('scheduler'),
    /** Starts of the names of EventBridge's rules; a model's name follows. */
    landedRules: { training: `${stack}--data-`, scoring: `${stack}--scoring-` },
    promotedRule: `${stack}--promoted`,
    lookedRule: `${stack}--looked`,
    /** The API destination that tells GitHub, and the role with which EventBridge does. */
    githubDestination: `${stack}--github`,
    githubDestinationArn: arn('events', `api-destination/${stack}--github`),
    dispatchRole: role('dispatch'),
    /** The tables and views of releases. */
    catalog: {
      /** A name of SQL has no hyphens. Two underscores keep `a-b` in `c` from `a` in `b-c`. */
      database: stack.replaceAll('-', '_'),
      predictions: 'predictions',
      pointers: 'pointers',
      current: 'predictions_current',
      workgroup: stack,
      /** The folder of results of queries in the artifacts bucket, below the project's prefix. */
      results: 'athena-results',
      /** The policy that people attach to whoever reads predictions. */
      readers: `${stack}--readers`,
    },
    /** The policy that people attach to whoever asks the prediction service. */
    callers: `${stack}--callers`,
    deployRole: role('deploy'),
    pullRequestRole: role('pull-request'),
    permissionsBoundary: `${stack}--boundary`,
    closeRunRule: `${stack}--close-run`,
    closeReleaseRule: `${stack}--close-release`,
    closeLookRule: `${stack}--close-look`,
    notificationTopic: `${stack}--notifications`,
    notificationTopicArn: arn('sns', `${stack}--notifications`),
    /** The queue of events that no function handled. */
    lostEvents: `${stack}--lost-events`,
    lostEventsArn: arn('sqs', `${stack}--lost-events`),
    dashboard: stack,
  };
}

export type ResourceNames = ReturnType<typeof resourceNames>;

/**
 * At most 21 characters, because a tuning job's name may have 32 with the run's hash and the attempt's number. People
 * read the start of both names; policies rely on the hash of the whole. Only one place has two hyphens, so no prefix
 * is the start of another.
 */
function jobPrefix({ project, environment }: Deployment): string {
  const start = (name: string, length: number) => name.slice(0, length).replace(/-$/, '');
  return `${start(project, 9)}-${start(environment, 3)}--${sha256(`${project} ${environment}`).slice(0, 6)}`;
}

/**
 * A model's endpoint, which every release of it in this mode updates: SageMaker turns no endpoint with instances into a
 * serverless one, so each has its own. At most 53 characters.
 */
export const endpointName = (jobPrefix: string, model: string, mode: 'endpoint' | 'serverless'): string =>
  `${jobPrefix}-${model}${mode === 'serverless' ? '-serverless' : ''}`;

/**
 * The schedule of a model's looks at production. No model has two hyphens in a row, so no timetable and no look at files has
 * this name.
 */
export const lookSchedule = (model: string): string => `${model}--look`;

/** The only variant of an endpoint: a deployment in steps needs the same name in the old config and in the new one. */
export const variantName = 'AllTraffic';

/** A model's package group, created with its first package. At most 63 characters. */
export const packageGroup = (stack: string, model: string): string => `${stack}--${model}`;

/** An image's tag; the hash is of the content of its folder. */
export const imageTag = (image: ImageName, contentHash: string): string => `${image}-${contentHash}`;

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
