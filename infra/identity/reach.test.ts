import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseConfig } from '../../pipeline/config/load.ts';
import type { Engine } from '../environment.fixture.ts';
import { type Environment, environmentOf } from '../environment.ts';
import { type Call, isAllowed } from '../iam/evaluate.fixture.ts';
import { type DeployedRole, rolesOf } from '../iam/roles.fixture.ts';
import { boundary } from './boundary.ts';
import { toolkitRole, toolkitStack } from './toolkit-roles.ts';

/**
 * Two environments of one account: what each role of the one may do to its own, and that none of them reaches the other,
 * whatever a deployment writes into the policies of the roles that it creates. Every policy is that of a template.
 */

const { actions } = JSON.parse(readFileSync(new URL('../iam/actions.json', import.meta.url), 'utf8')) as {
  actions: Record<string, { types: Record<string, boolean> }>;
};
const account = '111111111111';
const region = 'eu-west-1';
const key = (environment: string) => `arn:aws:kms:${region}:${account}:key/${environment}`;

/** Neighbours have names that begin or end as those of `churn` and `staging` do. */
const neighbours = [
  ['churn', 'production'],
  ['churn', 'staging-2'],
  ['churn-staging', 'staging'],
  ['churn-2', 'staging'],
  ['a-churn', 'staging'],
] as const;

function environment(project: string, name: string, engine: Engine, extra = ''): Environment {
  const settings = (of: string) =>
    `  ${of}: { account: "${account}", region: ${region}, kms_key: "${key(`${project}-${of}`)}", data_kms_keys: ["${key('warehouse')}"], approval: ${of === 'production'}${extra} }`;
  // One mlops.yaml names those of a project.
  const names = neighbours.filter(([of]) => of === project).map(([, other]) => other);
  return environmentOf(
    [
      parseConfig(`
project: ${project}
problem: binary
data: { source: s3://warehouse/churn/rows, target: left }
model: { image: 222222222222.dkr.ecr.eu-west-1.amazonaws.com/shared/xgboost@sha256:${'0'.repeat(64)} }
prepare: { engine: ${engine} }
notifications: { email: [ops@example.com] }
environments:
${[...new Set(['staging', name, ...names])].map(settings).join('\n')}
`),
    ],
    name,
  );
}

/** Calls on what belongs to an environment, by the service's resource; each row of the matrix is one. */
function callsOn(place: Environment): Call[] {
  const { names, project, name, settings } = place;
  const { stack, jobPrefix, functions, machines, prepare } = names;
  const arn = (service: string, resource: string) => `arn:aws:${service}:${region}:${account}:${resource}`;
  const iam = (resource: string) => `arn:aws:iam::${account}:${resource}`;
  const each = (service: string, actions: string, resource: string, context?: Call['context']): Call[] =>
    actions
      .split(' ')
      .map((action) => ({ action: `${service}:${action}`, resource, ...(context && { context }) }));
  const assets = `cdk-${names.qualifier}-assets-${account}-${region}`;
  const object = (bucket: string, path: string) => `arn:aws:s3:::${bucket}/${path}`;
  const tags = { 'aws:ResourceTag/project': project, 'aws:ResourceTag/environment': name };
  const passed = (service: string) => ({ 'iam:PassedToService': `${service}.amazonaws.com` });
  const bounded = { 'iam:PermissionsBoundary': iam(`policy/${names.permissionsBoundary}`) };
  const items = { 'dynamodb:LeadingKeys': [`champion/${project}`] };
  return [
    ...each('dynamodb', 'GetItem Query PutItem UpdateItem', names.ledgerTableArn, items),
    ...each('dynamodb', 'DeleteItem Scan DeleteTable UpdateTable PutResourcePolicy', names.ledgerTableArn),
    ...each('s3', 'GetObject PutObject DeleteObject', object(names.artifactsBucket, `${project}/models/m/1`)),
    ...each('s3', 'GetObject PutObject DeleteObject', object(names.dataBucket, 'rows.csv')),
    ...each('s3', 'GetObject PutObject DeleteObject', object(assets, 'code.zip')),
    ...each('s3', 'ListBucket PutBucketPolicy DeleteBucket', `arn:aws:s3:::${names.dataBucket}`, {
      's3:prefix': '',
    }),
    ...each(
      'lambda',
      'InvokeFunction UpdateFunctionCode AddPermission DeleteFunction',
      functions.promote.arn,
    ),
    ...each('states', 'StartExecution UpdateStateMachine DeleteStateMachine', machines.promote.arn),
    ...each(
      'states',
      'DescribeExecution GetExecutionHistory StopExecution',
      arn('states', `execution:${machines.promote.name}:1`),
    ),
    ...each(
      'sagemaker',
      'CreateTrainingJob DescribeTrainingJob StopTrainingJob AddTags',
      arn('sagemaker', `training-job/${jobPrefix}-1a-train-1`),
    ),
    ...each('sagemaker', 'CreateModel DeleteModel', arn('sagemaker', `model/${jobPrefix}-1a-candidate`)),
    ...each(
      'sagemaker',
      'CreateModelPackage DescribeModelPackage UpdateModelPackage DeleteModelPackage',
      arn('sagemaker', `model-package/${stack}--${project}/1`),
    ),
    ...each(
      'ecr',
      'BatchGetImage PutImage BatchDeleteImage SetRepositoryPolicy DeleteRepository',
      arn('ecr', `repository/${names.releaseRepository}`),
    ),
    ...each(
      'logs',
      'CreateLogStream GetLogEvents PutLogEvents',
      arn('logs', `log-group:/aws/sagemaker/TrainingJobs:log-stream:${jobPrefix}-1a-train-1/algo-1`),
    ),
    ...each(
      'logs',
      'PutLogEvents DeleteLogGroup PutRetentionPolicy',
      arn('logs', `log-group:/aws/lambda/${functions.plan.name}:*`),
    ),
    ...each('sns', 'Publish Subscribe Unsubscribe SetTopicAttributes', arn('sns', names.notificationTopic)),
    ...each('events', 'PutRule PutTargets DeleteRule', arn('events', `rule/${names.closeRunRule}`)),
    ...each('cloudwatch', 'PutMetricAlarm DeleteAlarms', arn('cloudwatch', `alarm:${stack}--runs-failed`)),
    ...each('iam', 'CreateRole PutRolePolicy AttachRolePolicy', names.jobRoles.promote.arn, bounded),
    ...each('iam', 'UpdateAssumeRolePolicy DeleteRole', names.jobRoles.promote.arn),
    ...each('iam', 'PassRole', names.jobRoles.promote.arn, passed('sagemaker')),
    ...each(
      'iam',
      'PassRole',
      functions.plan.arn.replace(/:lambda:.*:function:/, ':iam::111111111111:role/'),
      passed('lambda'),
    ),
    ...each('iam', 'PassRole', iam(`role/${toolkitRole(place, 'cfn-exec')}`), passed('cloudformation')),
    ...each('sts', 'AssumeRole', names.deployRole.arn),
    ...each('sts', 'AssumeRole', iam(`role/${toolkitRole(place, 'deploy')}`)),
    ...each('sts', 'AssumeRole', iam(`role/${toolkitRole(place, 'file-publishing')}`)),
    ...each(
      'cloudformation',
      'CreateChangeSet ExecuteChangeSet DeleteStack GetTemplate',
      arn('cloudformation', `stack/${stack}/1a`),
    ),
    ...each('kms', 'Decrypt', settings.kms_key ?? ''),
    ...each('kms', 'CreateGrant', settings.kms_key ?? '', { 'kms:GrantIsForAWSResource': 'true' }),
    ...each('kms', 'ScheduleKeyDeletion PutKeyPolicy DisableKey', settings.kms_key ?? ''),
    ...each('glue', 'StartJobRun UpdateJob DeleteJob', arn('glue', `job/${prepare.job}`)),
    ...each(
      'glue',
      'BatchCreatePartition GetPartitions',
      arn('glue', `table/${names.catalog.database}/predictions`),
    ),
    ...each('glue', 'UpdateTable DeleteTable', arn('glue', `table/${names.catalog.database}/pointers`)),
    ...each(
      'athena',
      'StartQueryExecution UpdateWorkGroup',
      arn('athena', `workgroup/${names.catalog.workgroup}`),
    ),
    ...each('states', 'StartExecution UpdateStateMachine', names.releaseMachine.arn),
    ...each(
      's3',
      'PutObject',
      object(names.artifactsBucket, `${project}/predictions/model=m/release=r/p.parquet`),
    ),
    ...each('s3', 'PutObject', object(names.artifactsBucket, `${project}/pointers/m.json`)),
    ...each('ecs', 'StopTask', arn('ecs', `task/${prepare.cluster}/1`)),
    ...each('ecs', 'RunTask', arn('ecs', `task-definition/${prepare.job}:1`), {
      'ecs:cluster': prepare.clusterArn,
    }),
    ...each('ecs', 'DeleteCluster', prepare.clusterArn),
    ...each('ec2', 'DeleteVpc CreateSubnet CreateTags', arn('ec2', 'vpc/vpc-1'), tags),
  ];
}

/** Calls that nobody in the environment may make, on what is its own either: persons do. */
function personsOnly(place: Environment): Call[] {
  const { names } = place;
  const iam = (resource: string) => `arn:aws:iam::${account}:${resource}`;
  const stack = (name: string) => `arn:aws:cloudformation:${region}:${account}:stack/${name}/1a`;
  return [
    ...[names.identityStack, toolkitStack(place)].flatMap((name) =>
      ['CreateChangeSet', 'ExecuteChangeSet', 'DeleteStack'].map((action) => ({
        action: `cloudformation:${action}`,
        resource: stack(name),
      })),
    ),
    ...['UpdateAssumeRolePolicy', 'PutRolePolicy', 'DeleteRolePermissionsBoundary', 'PassRole'].map(
      (action) => ({
        action: `iam:${action}`,
        resource: names.deployRole.arn,
      }),
    ),
    { action: 'iam:CreatePolicyVersion', resource: iam(`policy/${names.permissionsBoundary}`) },
    { action: 'iam:CreateServiceLinkedRole', resource: iam('role/aws-service-role/ecs.amazonaws.com/x') },
    { action: 'sts:AssumeRole', resource: iam('role/admin') },
    // A grant to somebody would outlast every role.
    {
      action: 'kms:CreateGrant',
      resource: place.settings.kms_key ?? '',
      context: { 'kms:GrantIsForAWSResource': 'false' },
    },
    { action: 'glue:PutResourcePolicy', resource: `arn:aws:glue:${region}:${account}:catalog` },
    { action: 's3:GetObject', resource: 'arn:aws:s3:::elsewhere/rows.csv' },
    { action: 's3:PutObject', resource: 'arn:aws:s3:::warehouse/churn/rows/1.csv' },
    {
      action: 'ecr:PutImage',
      resource: `arn:aws:ecr:${region}:222222222222:repository/shared/xgboost`,
    },
  ];
}

const everything = [{ Effect: 'Allow', Action: ['*'], Resource: ['*'] }] as const;

/** The roles of an environment, and one that a deployment made with every permission that it could write down. */
function rolesIn(place: Environment): Record<string, Pick<DeployedRole, 'policy' | 'boundary'>> {
  const { stack } = place.names;
  const short = (role: string) =>
    role.replace(`${stack}--`, '').replace(/^cdk-\w+-(.*)-role-.*$/, 'toolkit $1');
  return {
    ...Object.fromEntries(Object.entries(rolesOf(place)).map(([name, role]) => [short(name), role])),
    'made by a deployment': { policy: everything, boundary: boundary(place) },
    'a machine made by a deployment': { policy: everything, boundary: boundary(place) },
  };
}

const may = (call: Call, role: Pick<DeployedRole, 'policy' | 'boundary'> | undefined): boolean =>
  role !== undefined &&
  isAllowed(call, { policy: role.policy, ...(role.boundary && { boundary: role.boundary }) });

const written = ({ action, resource }: Call): string =>
  `${action} ${resource.replace(/^arn:aws:[^:]*:[^:]*:[^:]*:/, '')}`;

const vpc =
  ', vpc: { subnets: [subnet-0a1b2c3d], security_groups: [sg-0a1b2c3d], availability_zones: [eu-west-1a] }';

describe.each([
  ['processing', ''],
  ['processing', vpc],
  ['glue', ''],
  ['glue', vpc],
  ['fargate', ''],
  ['fargate', vpc],
] as [Engine, string][])('%s%s', (engine, extra) => {
  const staging = environment('churn', 'staging', engine, extra);
  const roles = rolesIn(staging);
  const reached = (calls: readonly Call[]): string[] =>
    Object.entries(roles).flatMap(([name, role]) =>
      calls
        .filter((call) => may({ ...call, context: { ...call.context, ...asItself(name, staging) } }, role))
        .map((call) => `${name}: ${written(call)}`),
    );

  test.each(neighbours)('no role reaches %s in %s', (project, name) => {
    // A deployment copies images that were reviewed in an environment of the project in which pull requests run.
    const copied = project === 'churn' && name === 'staging-2';
    expect(reached(callsOn(environment(project, name, engine, extra)))).toEqual(
      copied ? ['deploy: ecr:BatchGetImage repository/churn/staging-2/release'] : [],
    );
  });

  test('no role touches what persons keep to themselves', () => {
    expect(reached(personsOnly(staging))).toEqual([]);
  });

  test('the cases are real: without boundary or bound each of them is allowed, and some role may make most on its own', () => {
    const own = callsOn(staging);
    expect(
      [...own, ...personsOnly(staging)].filter((call) => !isAllowed(call, { policy: everything })),
    ).toEqual([]);
    const nobody = own.filter((call) => !Object.values(roles).some((role) => may(call, role))).map(written);
    expect(
      nobody.filter((call) => !/^(ec2|ecs|glue|sts|kms):|^athena:Start|^s3:DeleteObject cdk-/.test(call)),
    ).toEqual([]);
  });
});

/** The keys that every call of a role has. A role of another name cannot be given the name of a machine's. */
const asItself = (role: string, { names }: Environment): Record<string, string> => ({
  'aws:PrincipalArn':
    role === 'a machine made by a deployment'
      ? names.machineRoles.evaluate.arn
      : `arn:aws:iam::${account}:role/${names.stack}--${role}`,
});

test.each(['processing', 'glue', 'fargate'] as const)(
  'on %s, whoever reads the data elsewhere may decrypt it, through S3 alone, and within its boundary',
  (engine) => {
    const roles = rolesIn(environment('churn', 'staging', engine));
    const decrypt = (service: string): Call => ({
      action: 'kms:Decrypt',
      resource: key('warehouse'),
      context: { 'kms:ViaService': `${service}.${region}.amazonaws.com` },
    });
    const named = (call: Call) =>
      Object.keys(roles).filter((name) => !name.includes('made by') && may(call, roles[name]));
    const readers = named({ action: 's3:GetObject', resource: 'arn:aws:s3:::warehouse/churn/rows/1.csv' });
    expect(readers).toEqual(
      expect.arrayContaining([
        ...['pull-request', 'deploy', 'plan', 'job'],
        ...(engine === 'processing' ? [] : ['prepare']),
      ]),
    );
    expect(named(decrypt('s3'))).toEqual(readers);
    expect(named(decrypt('dynamodb'))).toEqual([]);
  },
);

test('the images of another account are pulled by jobs, and by no more than is asked for', () => {
  const roles = rolesIn(environment('churn', 'staging', 'processing'));
  const on = (action: string): Call => ({
    action: `ecr:${action}`,
    resource: `arn:aws:ecr:${region}:222222222222:repository/shared/xgboost`,
  });
  for (const action of ['BatchCheckLayerAvailability', 'BatchGetImage', 'GetDownloadUrlForLayer'])
    expect(may(on(action), roles.job)).toBe(true);
  for (const action of ['PutImage', 'BatchDeleteImage', 'DescribeImages'])
    expect([action, Object.values(roles).some((role) => may(on(action), role))]).toEqual([action, false]);
});

test('a deployment pulls the images of environments in which pull requests run, and does nothing else there', () => {
  const production = environment('churn', 'production', 'processing');
  const roles = rolesIn(production);
  const by = (action: string, repository: string) =>
    Object.keys(roles).filter((name) =>
      may(
        { action: `ecr:${action}`, resource: `arn:aws:ecr:${region}:${account}:repository/${repository}` },
        roles[name],
      ),
    );
  const all = Object.keys(actions)
    .filter((action) => action.startsWith('ecr:') && actions[action]?.types.repository)
    .map((action) => action.replace('ecr:', ''));
  expect(all.length).toBeGreaterThan(15);
  const pulls = ['BatchCheckLayerAvailability', 'BatchGetImage', 'GetDownloadUrlForLayer'];
  for (const name of ['staging', 'staging-2'])
    for (const repository of [`churn/${name}/candidate`, `churn/${name}/release`])
      expect(all.filter((action) => by(action, repository).length > 0)).toEqual(pulls);
  for (const action of pulls) expect(by(action, 'churn/staging/candidate')).toEqual(['deploy']);
  for (const repository of ['churn/staging/other', 'churn/staging-3/candidate', 'churn-2/staging/candidate'])
    expect(all.flatMap((action) => by(action, repository))).toEqual([]);
  // No pull request runs in production.
  const back = rolesIn(environment('churn', 'staging', 'processing')).deploy;
  const resource = `arn:aws:ecr:${region}:${account}:repository/${production.names.candidateRepository}`;
  expect(all.filter((action) => may({ action: `ecr:${action}`, resource }, back))).toEqual([]);
});

test('prod is not production, nor its own identity stack', () => {
  const prod = environment('churn', 'prod', 'processing');
  const role = rolesIn(prod)['toolkit deploy'];
  const on = (stack: string): Call => ({
    action: 'cloudformation:ExecuteChangeSet',
    resource: `arn:aws:cloudformation:${region}:${account}:stack/${stack}/1a`,
  });
  expect(may(on('churn--prod'), role)).toBe(true);
  for (const stack of ['churn--production', 'churn--prod--identity', 'churn--prod--toolkit', 'churn-prod'])
    expect([stack, may(on(stack), role)]).toEqual([stack, false]);
});

/** The matrix of the roles against the calls on their own environment: a change of it is to be looked at, not accepted. */
test('what each role may do in its own environment', () => {
  const staging = environment('churn', 'staging', 'processing');
  const roles = rolesIn(staging);
  const matrix = Object.fromEntries(
    callsOn(staging).map((call) => [
      written(call),
      Object.keys(roles).filter((name) => !name.includes('made by') && may(call, roles[name])),
    ]),
  );
  expect(matrix).toMatchInlineSnapshot(`
{
  "athena:StartQueryExecution workgroup/churn--staging": [],
  "athena:UpdateWorkGroup workgroup/churn--staging": [
    "toolkit cfn-exec",
  ],
  "cloudformation:CreateChangeSet stack/churn--staging/1a": [
    "toolkit deploy",
  ],
  "cloudformation:DeleteStack stack/churn--staging/1a": [
    "toolkit deploy",
  ],
  "cloudformation:ExecuteChangeSet stack/churn--staging/1a": [
    "toolkit deploy",
  ],
  "cloudformation:GetTemplate stack/churn--staging/1a": [
    "toolkit deploy",
  ],
  "cloudwatch:DeleteAlarms alarm:churn--staging--runs-failed": [
    "toolkit cfn-exec",
  ],
  "cloudwatch:PutMetricAlarm alarm:churn--staging--runs-failed": [
    "toolkit cfn-exec",
  ],
  "dynamodb:DeleteItem table/churn--staging--ledger": [],
  "dynamodb:DeleteTable table/churn--staging--ledger": [
    "toolkit cfn-exec",
  ],
  "dynamodb:GetItem table/churn--staging--ledger": [
    "pull-request",
    "deploy",
    "plan",
    "promote",
    "plan-release",
    "point",
  ],
  "dynamodb:PutItem table/churn--staging--ledger": [
    "promote",
    "point",
  ],
  "dynamodb:PutResourcePolicy table/churn--staging--ledger": [],
  "dynamodb:Query table/churn--staging--ledger": [
    "pull-request",
    "deploy",
    "plan",
    "promote",
    "plan-release",
    "point",
  ],
  "dynamodb:Scan table/churn--staging--ledger": [
    "deploy",
  ],
  "dynamodb:UpdateItem table/churn--staging--ledger": [
    "promote",
    "point",
  ],
  "dynamodb:UpdateTable table/churn--staging--ledger": [
    "toolkit cfn-exec",
  ],
  "ec2:CreateSubnet vpc/vpc-1": [],
  "ec2:CreateTags vpc/vpc-1": [],
  "ec2:DeleteVpc vpc/vpc-1": [],
  "ecr:BatchDeleteImage repository/churn/staging/release": [],
  "ecr:BatchGetImage repository/churn/staging/release": [
    "pull-request",
    "deploy",
    "register",
    "promote",
    "job-evaluate",
    "job",
    "plan-release",
  ],
  "ecr:DeleteRepository repository/churn/staging/release": [
    "toolkit cfn-exec",
  ],
  "ecr:PutImage repository/churn/staging/release": [
    "deploy",
    "register",
    "promote",
    "plan-release",
  ],
  "ecr:SetRepositoryPolicy repository/churn/staging/release": [
    "toolkit cfn-exec",
  ],
  "ecs:DeleteCluster cluster/churn--staging": [],
  "ecs:RunTask task-definition/churn--staging--prepare:1": [],
  "ecs:StopTask task/churn--staging/1": [],
  "events:DeleteRule rule/churn--staging--close-run": [
    "toolkit cfn-exec",
  ],
  "events:PutRule rule/churn--staging--close-run": [
    "toolkit cfn-exec",
  ],
  "events:PutTargets rule/churn--staging--close-run": [
    "toolkit cfn-exec",
  ],
  "glue:BatchCreatePartition table/churn__staging/predictions": [
    "release",
  ],
  "glue:DeleteJob job/churn--staging--prepare": [],
  "glue:DeleteTable table/churn__staging/pointers": [
    "toolkit cfn-exec",
  ],
  "glue:GetPartitions table/churn__staging/predictions": [],
  "glue:StartJobRun job/churn--staging--prepare": [],
  "glue:UpdateJob job/churn--staging--prepare": [],
  "glue:UpdateTable table/churn__staging/pointers": [
    "toolkit cfn-exec",
  ],
  "iam:AttachRolePolicy role/churn--staging--job": [
    "toolkit cfn-exec",
  ],
  "iam:CreateRole role/churn--staging--job": [
    "toolkit cfn-exec",
  ],
  "iam:DeleteRole role/churn--staging--job": [
    "toolkit cfn-exec",
  ],
  "iam:PassRole role/cdk-m1ca86b015-cfn-exec-role-111111111111-eu-west-1": [
    "toolkit deploy",
  ],
  "iam:PassRole role/churn--staging--job": [
    "toolkit cfn-exec",
    "train-promote",
    "release",
  ],
  "iam:PassRole role/churn--staging--plan": [
    "toolkit cfn-exec",
  ],
  "iam:PutRolePolicy role/churn--staging--job": [
    "toolkit cfn-exec",
  ],
  "iam:UpdateAssumeRolePolicy role/churn--staging--job": [
    "toolkit cfn-exec",
  ],
  "kms:CreateGrant key/churn-staging": [
    "toolkit cfn-exec",
    "lease",
    "plan",
    "keep",
    "inspect",
    "gate",
    "register",
    "promote",
    "record",
    "close-run",
    "job-evaluate",
    "job",
    "train-evaluate",
    "train-promote",
    "plan-release",
    "keep-release",
    "smoke",
    "point",
    "page",
    "record-release",
    "release",
  ],
  "kms:Decrypt key/churn-staging": [
    "pull-request",
    "deploy",
    "toolkit deploy",
    "toolkit file-publishing",
    "toolkit cfn-exec",
    "lease",
    "plan",
    "keep",
    "inspect",
    "gate",
    "register",
    "promote",
    "record",
    "close-run",
    "job-evaluate",
    "job",
    "train-evaluate",
    "train-promote",
    "plan-release",
    "keep-release",
    "smoke",
    "point",
    "page",
    "record-release",
    "release",
  ],
  "kms:DisableKey key/churn-staging": [],
  "kms:PutKeyPolicy key/churn-staging": [],
  "kms:ScheduleKeyDeletion key/churn-staging": [],
  "lambda:AddPermission function:churn--staging--promote": [
    "toolkit cfn-exec",
  ],
  "lambda:DeleteFunction function:churn--staging--promote": [
    "toolkit cfn-exec",
  ],
  "lambda:InvokeFunction function:churn--staging--promote": [
    "deploy",
  ],
  "lambda:UpdateFunctionCode function:churn--staging--promote": [
    "toolkit cfn-exec",
  ],
  "logs:CreateLogStream log-group:/aws/sagemaker/TrainingJobs:log-stream:churn-sta--1ca86b-1a-train-1/algo-1": [
    "job-evaluate",
    "job",
  ],
  "logs:DeleteLogGroup log-group:/aws/lambda/churn--staging--plan:*": [
    "toolkit cfn-exec",
  ],
  "logs:GetLogEvents log-group:/aws/sagemaker/TrainingJobs:log-stream:churn-sta--1ca86b-1a-train-1/algo-1": [
    "pull-request",
    "deploy",
  ],
  "logs:PutLogEvents log-group:/aws/lambda/churn--staging--plan:*": [
    "plan",
  ],
  "logs:PutLogEvents log-group:/aws/sagemaker/TrainingJobs:log-stream:churn-sta--1ca86b-1a-train-1/algo-1": [
    "job-evaluate",
    "job",
  ],
  "logs:PutRetentionPolicy log-group:/aws/lambda/churn--staging--plan:*": [
    "toolkit cfn-exec",
  ],
  "s3:DeleteBucket churn-staging-data-3d522d61a4": [
    "toolkit cfn-exec",
  ],
  "s3:DeleteObject cdk-m1ca86b015-assets-111111111111-eu-west-1/code.zip": [],
  "s3:DeleteObject churn-staging-artifacts-3d522d61a4/churn/models/m/1": [],
  "s3:DeleteObject churn-staging-data-3d522d61a4/rows.csv": [],
  "s3:GetObject cdk-m1ca86b015-assets-111111111111-eu-west-1/code.zip": [
    "toolkit deploy",
    "toolkit file-publishing",
    "toolkit cfn-exec",
  ],
  "s3:GetObject churn-staging-artifacts-3d522d61a4/churn/models/m/1": [
    "pull-request",
    "deploy",
    "lease",
    "plan",
    "keep",
    "inspect",
    "gate",
    "register",
    "promote",
    "record",
    "close-run",
    "job-evaluate",
    "job",
    "plan-release",
    "keep-release",
    "smoke",
    "point",
    "page",
    "record-release",
  ],
  "s3:GetObject churn-staging-data-3d522d61a4/rows.csv": [
    "pull-request",
    "deploy",
    "plan",
    "job-evaluate",
    "job",
    "plan-release",
  ],
  "s3:ListBucket churn-staging-data-3d522d61a4": [
    "pull-request",
    "deploy",
    "toolkit cfn-exec",
    "plan",
    "job-evaluate",
    "job",
    "plan-release",
  ],
  "s3:PutBucketPolicy churn-staging-data-3d522d61a4": [
    "toolkit cfn-exec",
  ],
  "s3:PutObject cdk-m1ca86b015-assets-111111111111-eu-west-1/code.zip": [
    "toolkit file-publishing",
  ],
  "s3:PutObject churn-staging-artifacts-3d522d61a4/churn/models/m/1": [
    "keep",
  ],
  "s3:PutObject churn-staging-artifacts-3d522d61a4/churn/pointers/m.json": [
    "point",
  ],
  "s3:PutObject churn-staging-artifacts-3d522d61a4/churn/predictions/model=m/release=r/p.parquet": [
    "keep-release",
  ],
  "s3:PutObject churn-staging-data-3d522d61a4/rows.csv": [],
  "sagemaker:AddTags training-job/churn-sta--1ca86b-1a-train-1": [
    "train-evaluate",
    "train-promote",
  ],
  "sagemaker:CreateModel model/churn-sta--1ca86b-1a-candidate": [
    "train-evaluate",
    "train-promote",
    "release",
  ],
  "sagemaker:CreateModelPackage model-package/churn--staging--churn/1": [
    "register",
  ],
  "sagemaker:CreateTrainingJob training-job/churn-sta--1ca86b-1a-train-1": [
    "train-evaluate",
    "train-promote",
  ],
  "sagemaker:DeleteModel model/churn-sta--1ca86b-1a-candidate": [
    "pull-request",
    "deploy",
    "close-run",
    "train-evaluate",
    "train-promote",
    "release",
  ],
  "sagemaker:DeleteModelPackage model-package/churn--staging--churn/1": [],
  "sagemaker:DescribeModelPackage model-package/churn--staging--churn/1": [
    "pull-request",
    "deploy",
    "plan",
    "inspect",
    "gate",
    "register",
    "promote",
    "plan-release",
    "smoke",
    "point",
    "page",
  ],
  "sagemaker:DescribeTrainingJob training-job/churn-sta--1ca86b-1a-train-1": [
    "pull-request",
    "deploy",
    "gate",
    "close-run",
    "train-evaluate",
    "train-promote",
  ],
  "sagemaker:StopTrainingJob training-job/churn-sta--1ca86b-1a-train-1": [
    "pull-request",
    "deploy",
    "close-run",
    "train-evaluate",
    "train-promote",
  ],
  "sagemaker:UpdateModelPackage model-package/churn--staging--churn/1": [
    "promote",
    "point",
  ],
  "sns:Publish churn--staging--notifications": [
    "record",
    "close-run",
  ],
  "sns:SetTopicAttributes churn--staging--notifications": [
    "toolkit cfn-exec",
  ],
  "sns:Subscribe churn--staging--notifications": [
    "toolkit cfn-exec",
  ],
  "sns:Unsubscribe churn--staging--notifications": [
    "toolkit cfn-exec",
  ],
  "states:DeleteStateMachine stateMachine:churn--staging--train-promote": [
    "toolkit cfn-exec",
  ],
  "states:DescribeExecution execution:churn--staging--train-promote:1": [
    "deploy",
    "record",
    "close-run",
    "record-release",
  ],
  "states:GetExecutionHistory execution:churn--staging--train-promote:1": [
    "deploy",
    "record",
    "close-run",
    "record-release",
  ],
  "states:StartExecution stateMachine:churn--staging--release": [
    "deploy",
  ],
  "states:StartExecution stateMachine:churn--staging--train-promote": [
    "deploy",
  ],
  "states:StopExecution execution:churn--staging--train-promote:1": [
    "deploy",
  ],
  "states:UpdateStateMachine stateMachine:churn--staging--release": [
    "toolkit cfn-exec",
  ],
  "states:UpdateStateMachine stateMachine:churn--staging--train-promote": [
    "toolkit cfn-exec",
  ],
  "sts:AssumeRole role/cdk-m1ca86b015-deploy-role-111111111111-eu-west-1": [
    "deploy",
  ],
  "sts:AssumeRole role/cdk-m1ca86b015-file-publishing-role-111111111111-eu-west-1": [
    "deploy",
  ],
  "sts:AssumeRole role/churn--staging--deploy": [],
}
`);
});

/**
 * What an attack on another environment can still do, because IAM holds these actions to no resource or AWS shares the
 * resource among all of an account. Each is here, so that a change of it is seen. Accounts of their own end them all.
 */
describe('the reach that stays', () => {
  const staging = environment('churn', 'staging', 'fargate', vpc);
  const roles = rolesIn(staging);
  const by = (call: Call) =>
    Object.keys(roles).filter((name) =>
      may({ ...call, context: { ...asItself(name, staging), ...call.context } }, roles[name]),
    );
  const functionCode = { 'lambda:SourceFunctionArn': staging.names.functions.plan.arn };
  const machines = ['train-evaluate', 'train-promote', 'release', 'a machine made by a deployment'];

  test('a state machine may end the delivery of any log, as Step Functions asks of its role; no function may', () => {
    const call = { action: 'logs:DeleteLogDelivery', resource: '*' };
    expect(by(call)).toEqual(machines);
    expect(by({ ...call, context: functionCode })).toEqual([]);
  });

  test('a machine may deregister any task definition; a run that loses its own fails', () => {
    expect(by({ action: 'ecs:DeregisterTaskDefinition', resource: '*' })).toEqual(
      expect.arrayContaining(['train-evaluate', 'made by a deployment']),
    );
  });

  test('a job may delete an interface that is in no use; no function may, though its role must name the action', () => {
    const call = {
      action: 'ec2:DeleteNetworkInterface',
      resource: `arn:aws:ec2:${region}:${account}:network-interface/eni-1`,
    };
    expect(by(call)).toContain('job');
    expect(by({ ...call, context: functionCode })).toEqual([]);
  });

  test('a job may publish metrics as if another had, in the namespaces of SageMaker', () => {
    const call = { action: 'cloudwatch:PutMetricData', resource: '*' };
    expect(by({ ...call, context: { 'cloudwatch:namespace': '/aws/sagemaker/TrainingJobs' } })).toContain(
      'job',
    );
    expect(by({ ...call, context: { 'cloudwatch:namespace': 'churn' } })).toEqual([]);
  });

  test('names of jobs, alarms and log groups can be listed, and the rules of Step Functions be written', () => {
    const groups = `arn:aws:logs:${region}:${account}:log-group:/aws/sagemaker/TrainingJobs`;
    expect(by({ action: 'logs:DescribeLogStreams', resource: `${groups}:log-stream:` })).toContain('job');
    expect(by({ action: 'logs:DescribeLogGroups', resource: '*' })).toContain('toolkit cfn-exec');
    expect(
      by({
        action: 'events:PutRule',
        resource: `arn:aws:events:${region}:${account}:rule/StepFunctionsGetEventsForECSTaskRule`,
      }),
    ).toContain('made by a deployment');
  });
});
