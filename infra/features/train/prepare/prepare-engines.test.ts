import { describe, expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import {
  embeddedMonitorResources,
  embeddedReleaseResources,
  embeddedResources,
} from '../../../../pipeline/backends/embedded/embedded-backend.ts';
import { embeddedEngine } from '../../../../pipeline/backends/embedded/prepare-engines.ts';
import { parseConfig } from '../../../../pipeline/config/load.ts';
import { monitorMachine } from '../../../../pipeline/machines/monitor.ts';
import type { PrepareEngine } from '../../../../pipeline/machines/prepare.ts';
import { releaseMachine } from '../../../../pipeline/machines/release.ts';
import { trainMachine } from '../../../../pipeline/machines/train.ts';
import type { StepName } from '../../../../pipeline/names.ts';
import {
  environmentStack,
  type Resource,
  resourcesOf,
  stackOf,
  testApp,
  testEnvironment,
} from '../../../environment.fixture.ts';
import { logicalName } from '../../../foundation/state-machine.ts';
import { type Call, isAllowed } from '../../../iam/evaluate.fixture.ts';
import type { Statement } from '../../../iam/statement.ts';
import { boundary } from '../../../identity/boundary.ts';
import { executionPolicies } from '../../../identity/execution-policies.ts';
import { pullRequestPolicy } from '../../../identity/pull-request-role.ts';
import { fargateZone } from './fargate-zones.ts';

/** prepare.engine glue and fargate: what is made, that it is no more than asked for, and who may use it. */

const made = (name: 'staging' | 'production', engine: 'processing' | 'glue' | 'fargate') =>
  resourcesOf(environmentStack(name, testApp(), engine));
const stacks = {
  glue: { staging: made('staging', 'glue'), production: made('production', 'glue') },
  fargate: { staging: made('staging', 'fargate'), production: made('production', 'fargate') },
};
const plain = made('staging', 'processing');
const plainProduction = made('production', 'processing');
const { names } = testEnvironment('staging');
const { prepare } = names;
const roleArn = (name: string) => `arn:aws:iam::111111111111:role/${name}`;

const countsOf = (resources: Record<string, Resource>): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { Type } of Object.values(resources)) counts[Type] = (counts[Type] ?? 0) + 1;
  return counts;
};

/** What a stack has beyond one with SageMaker Processing. */
function beyond(
  resources: Record<string, Resource>,
  without: Record<string, Resource> = plain,
): Record<string, number> {
  const before = countsOf(without);
  return Object.fromEntries(
    Object.entries(countsOf(resources)).flatMap(([type, count]): [string, number][] => {
      const more = count - (before[type] ?? 0);
      return more === 0 ? [] : [[type, more]];
    }),
  );
}

test('only what mlops.yaml asks for is made, and nothing that costs at rest', () => {
  expect(beyond(stacks.glue.staging)).toEqual({
    'AWS::Glue::Job': 2,
    'AWS::IAM::Role': 2,
    'AWS::Logs::LogGroup': 2,
  });
  expect(beyond(stacks.glue.production, plainProduction)).toEqual({
    'AWS::Glue::Connection': 2,
    'AWS::Glue::Job': 2,
    'AWS::Glue::SecurityConfiguration': 1,
    'AWS::IAM::Role': 2,
    'AWS::Logs::LogGroup': 2,
  });
  expect(beyond(stacks.fargate.staging)).toEqual({
    'AWS::EC2::InternetGateway': 1,
    'AWS::EC2::Route': 1,
    'AWS::EC2::RouteTable': 1,
    'AWS::EC2::SecurityGroup': 1,
    'AWS::EC2::Subnet': 2,
    'AWS::EC2::SubnetRouteTableAssociation': 2,
    'AWS::EC2::VPC': 1,
    'AWS::EC2::VPCEndpoint': 1,
    'AWS::EC2::VPCGatewayAttachment': 1,
    'AWS::ECS::Cluster': 1,
    'AWS::IAM::Role': 3,
    'AWS::Logs::LogGroup': 1,
  });
  expect(beyond(stacks.fargate.production, plainProduction)).toEqual({
    'AWS::ECS::Cluster': 1,
    'AWS::IAM::Role': 3,
    'AWS::Logs::LogGroup': 1,
  });
});

describe.each([
  ['glue', 'staging'],
  ['fargate', 'staging'],
  ['fargate', 'production'],
] as const)('%s in %s', (engine, name) => {
  const { settings } = testEnvironment(name, engine);
  const laptop = embeddedEngine({
    config: parseConfig(
      `project: churn\nproblem: binary\ndata: { source: d.csv, target: y }\nprepare: { engine: ${engine} }`,
    ),
    images: { prepare: 'prepare' },
  });

  test('the document deployed is the document that runs on a laptop', () => {
    // A network is what the account has, or what the stack makes.
    const network = settings.vpc
      ? { subnets: settings.vpc.subnets, securityGroups: settings.vpc.security_groups, publicAddress: false }
      : {
          // biome-ignore-start lint/suspicious/noTemplateCurlyInString: as CloudFormation has it
          subnets: ['${PrepareSubnets1}', '${PrepareSubnets2}'],
          securityGroups: ['${PrepareSecurityGroups1}'],
          // biome-ignore-end lint/suspicious/noTemplateCurlyInString: as CloudFormation has it
        };
    const expected: PrepareEngine = laptop.name === 'fargate' ? { ...laptop, ...network } : laptop;
    const machines = Object.values(stacks[engine][name]).filter(
      ({ Type }) => Type === 'AWS::StepFunctions::StateMachine',
    );
    expect(machines).toHaveLength(name === 'production' ? 4 : 3);
    for (const { Properties } of machines) {
      const machine = (Properties.StateMachineName as string).split('--')[2];
      const mode = machine === 'train-evaluate' ? 'evaluate' : 'promote';
      const substitutions = Object.keys(Properties.DefinitionSubstitutions as object);
      const text = (Properties.DefinitionString as string).replaceAll(
        /\$\{(\w+)\}/g,
        (placeholder, field: string) => {
          expect(substitutions).toContain(field);
          return laptopName(field, expected) ?? placeholder;
        },
      );
      const security = {
        vpc: settings.vpc,
        kms_key: settings.kms_key,
        network_isolation: settings.network_isolation,
      };
      const tags = { project: 'churn', environment: name, model: 'churn', ...settings.tags };
      const own = { engine: expected, security: { ...security, tags } };
      const table = { database: `churn__${name}`, name: 'predictions' };
      const alarms = name === 'production' ? ['churn--production--endpoint-errors-{}'] : [];
      const documents: Record<string, () => object> = {
        release: () =>
          releaseMachine({ ...embeddedReleaseResources, ...own, mode: 'promote', table, alarms }),
        monitor: () => monitorMachine({ ...embeddedMonitorResources, ...own, mode: 'promote' }),
      };
      const train = () => trainMachine({ ...embeddedResources, ...own, mode });
      expect(JSON.parse(text)).toEqual((documents[machine ?? ''] ?? train)());
    }
  });
});

function laptopName(placeholder: string, engine: PrepareEngine): string | null {
  if (placeholder === 'JobRole') return embeddedResources.jobRole;
  if (!placeholder.startsWith('Prepare')) {
    const functions = {
      ...embeddedResources.functions,
      ...embeddedReleaseResources.functions,
      ...embeddedMonitorResources.functions,
    };
    const step = (Object.keys(functions) as StepName[]).find((each) => logicalName(each) === placeholder);
    return step === undefined ? null : functions[step];
  }
  const field = placeholder.slice('Prepare'.length);
  const value: unknown = (engine as unknown as Record<string, unknown>)[
    `${field[0]?.toLowerCase()}${field.slice(1)}`
  ];
  return typeof value === 'string' ? value : null;
}

describe('the Glue job', () => {
  const job = {
    staging: glueJobOf(stacks.glue.staging),
    production: glueJobOf(stacks.glue.production),
  };

  test('is Glue 5.0, of the fewest workers, runs the program with what its lock file pins, and is never tried again by itself', () => {
    expect(job.staging).toMatchObject({
      Name: prepare.job,
      GlueVersion: '5.0',
      Command: { Name: 'glueetl', PythonVersion: '3' },
      NumberOfWorkers: 2,
      MaxRetries: 0,
      DefaultArguments: {
        '--python-modules-installer-option': '-r',
        '--custom-logGroup-prefix': prepare.glueLogs,
      },
    });
    const { ScriptLocation } = job.staging.Command as { ScriptLocation: string };
    const args = job.staging.DefaultArguments as Record<string, string>;
    expect(ScriptLocation).toMatch(/^s3:.*\.py$/);
    expect(args['--additional-python-modules']).toMatch(/^s3:.*\.txt$/);
    expect(args['--extra-py-files']).toMatch(/^s3:.*\.zip$/);
    expect(job.staging.Connections).toBeUndefined();
    expect(job.staging.SecurityConfiguration).toBeUndefined();
  });

  test('is in the VPC, and encrypted with the key, where mlops.yaml names them', () => {
    const template = Template.fromJSON({ Resources: stacks.glue.production });
    const key = testEnvironment('production').settings.kms_key;
    template.hasResourceProperties('AWS::Glue::SecurityConfiguration', {
      EncryptionConfiguration: {
        CloudWatchEncryption: { CloudWatchEncryptionMode: 'SSE-KMS', KmsKeyArn: key },
        S3Encryptions: [{ S3EncryptionMode: 'SSE-KMS', KmsKeyArn: key }],
      },
    });
    for (const [subnet, zone] of [
      ['subnet-0a1b2c3d', 'eu-west-1a'],
      ['subnet-1a1b2c3d', 'eu-west-1b'],
    ])
      template.hasResourceProperties('AWS::Glue::Connection', {
        ConnectionInput: {
          ConnectionType: 'NETWORK',
          PhysicalConnectionRequirements: {
            SubnetId: subnet,
            AvailabilityZone: zone,
            SecurityGroupIdList: ['sg-0a1b2c3d'],
          },
        },
      });
    expect(job.production).toMatchObject({
      Connections: { Connections: [expect.anything(), expect.anything()] },
      SecurityConfiguration: expect.anything(),
    });
  });
});

describe('the network of Fargate tasks', () => {
  const template = Template.fromJSON({ Resources: stacks.fargate.staging });

  test('is in zones with Fargate: by their ids where a region has others, otherwise any', () => {
    const zones = (region: string) =>
      [0, 1].map((index) => fargateZone(region, index as 0 | 1)).map((zone) => Object.values(zone)[0]);
    expect(zones('us-west-1')).toEqual(['usw1-az1', 'usw1-az3']);
    expect(zones('ap-northeast-1')).toEqual(['apne1-az1', 'apne1-az4']);
    const staging = testEnvironment('staging', 'fargate');
    const subnets = (region: string) => {
      const place = { ...staging, region };
      return Object.values(resourcesOf(stackOf(place)))
        .filter(({ Type }) => Type === 'AWS::EC2::Subnet')
        .map(({ Properties: { AvailabilityZone, AvailabilityZoneId } }) => [
          AvailabilityZone,
          AvailabilityZoneId,
        ]);
    };
    expect(subnets('us-west-1')).toEqual([
      [undefined, 'usw1-az1'],
      [undefined, 'usw1-az3'],
    ]);
    expect(subnets('eu-west-1')).toEqual([
      [{ 'Fn::Select': [0, { 'Fn::GetAZs': '' }] }, undefined],
      [{ 'Fn::Select': [1, { 'Fn::GetAZs': '' }] }, undefined],
    ]);
  });

  test('is two public subnets without a NAT, S3 by a gateway, and nothing inbound', () => {
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
    template.hasResourceProperties('AWS::EC2::VPCEndpoint', {
      VpcEndpointType: 'Gateway',
      ServiceName: 'com.amazonaws.eu-west-1.s3',
    });
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: [],
      SecurityGroupEgress: [Match.objectLike({ FromPort: 443, ToPort: 443, IpProtocol: 'tcp' })],
    });
    template.hasResourceProperties('AWS::EC2::Route', { DestinationCidrBlock: '0.0.0.0/0' });
  });

  test('the disks of tasks are encrypted with the key where mlops.yaml names one', () => {
    Template.fromJSON({ Resources: stacks.fargate.production }).hasResourceProperties('AWS::ECS::Cluster', {
      Configuration: { ManagedStorageConfiguration: { FargateEphemeralStorageKmsKeyId: Match.anyValue() } },
    });
  });
});

/** The Glue job of the machine that promotes. */
function glueJobOf(resources: Record<string, Resource>): Record<string, unknown> {
  const found = Object.values(resources).find(
    ({ Type, Properties }) => Type === 'AWS::Glue::Job' && (Properties.Name as string).endsWith('--prepare'),
  );
  if (found === undefined) throw new Error('got no Glue job of the machine that promotes');
  return found.Properties;
}

function roleOf(resources: Record<string, Resource>, roleName: string) {
  const role = Object.values(resources).find(
    ({ Type, Properties }) => Type === 'AWS::IAM::Role' && Properties.RoleName === roleName,
  );
  const [{ PolicyDocument } = { PolicyDocument: { Statement: [] } }] = (role?.Properties.Policies ?? []) as {
    PolicyDocument: { Statement: Statement[] };
  }[];
  return {
    policy: PolicyDocument.Statement,
    trust: JSON.stringify(role?.Properties.AssumeRolePolicyDocument),
  };
}

const arn = (service: string, resource: string) => `arn:aws:${service}:eu-west-1:111111111111:${resource}`;
const artifact = (path: string) => `arn:aws:s3:::${names.artifactsBucket}/churn/${path}`;
const call = (action: string, resource: string, context?: Call['context']): Call => ({
  action,
  resource,
  ...(context && { context }),
});
const pass = (role: string, service: string) =>
  call('iam:PassRole', role, { 'iam:PassedToService': service });
const readFailure = call('s3:GetObject', artifact('jobs-evaluate/churn/failures/churn-1.json'));
/** The names that train-evaluate uses. */
const used = prepare.evaluate;
const onCluster = { 'ecs:cluster': prepare.clusterArn };

/** Written by hand from the services' documentation. */
const machineCalls = {
  glue: [
    ...['StartJobRun', 'GetJobRun', 'GetJobRuns', 'BatchStopJobRun'].map((action) =>
      call(`glue:${action}`, arn('glue', `job/${used.job}`)),
    ),
    readFailure,
  ],
  fargate: [
    call('ecs:RegisterTaskDefinition', '*'),
    call('ecs:DeregisterTaskDefinition', '*'),
    call('ecs:TagResource', arn('ecs', `task-definition/${used.job}:1`)),
    call('ecs:TagResource', arn('ecs', `task/${prepare.cluster}/1`)),
    call('ecs:RunTask', arn('ecs', `task-definition/${used.job}:7`), onCluster),
    call('ecs:DescribeTasks', arn('ecs', `task/${prepare.cluster}/1`)),
    call('ecs:StopTask', arn('ecs', `task/${prepare.cluster}/1`)),
    ...['PutTargets', 'PutRule', 'DescribeRule'].map((action) =>
      call(`events:${action}`, arn('events', 'rule/StepFunctionsGetEventsForECSTaskRule')),
    ),
    pass(roleArn(used.role.name), 'ecs-tasks.amazonaws.com'),
    pass(roleArn(prepare.executionRole.name), 'ecs-tasks.amazonaws.com'),
    readFailure,
  ],
};
const never = {
  glue: [
    call('glue:StartJobRun', arn('glue', 'job/other--staging--prepare')),
    call('glue:StartJobRun', arn('glue', `job/${prepare.promote.job}`)),
    pass(roleArn(used.role.name), 'glue.amazonaws.com'),
  ],
  fargate: [
    call('ecs:RunTask', arn('ecs', `task-definition/${used.job}:7`), {
      'ecs:cluster': arn('ecs', 'cluster/other'),
    }),
    call('ecs:RunTask', arn('ecs', 'task-definition/other:1'), onCluster),
    call('ecs:RunTask', arn('ecs', `task-definition/${prepare.promote.job}:1`), onCluster),
    pass(roleArn(prepare.promote.role.name), 'ecs-tasks.amazonaws.com'),
    call('ecs:StopTask', arn('ecs', 'task/other/1')),
    pass(roleArn(used.role.name), 'lambda.amazonaws.com'),
    pass(roleArn(names.jobRoles.evaluate.name), 'ecs-tasks.amazonaws.com'),
  ],
};

const ownTags = { 'aws:ResourceTag/project': 'churn', 'aws:ResourceTag/environment': 'staging' };

describe.each(['glue', 'fargate'] as const)('who may use %s', (engine) => {
  const resources = stacks[engine].staging;
  const { policy } = roleOf(resources, names.machineRoles.evaluate.name);

  test('the machine makes the calls of its document, and no more', () => {
    for (const one of machineCalls[engine]) expect([one, isAllowed(one, { policy })]).toEqual([one, true]);
    for (const one of [
      ...never[engine],
      call('s3:GetObject', artifact('prepared/1/train/train.csv')),
      call('s3:PutObject', artifact('jobs-evaluate/churn/failures/churn-1.json')),
      call('sagemaker:CreateProcessingJob', arn('sagemaker', `processing-job/${names.jobPrefix}-1`)),
    ])
      expect([one, isAllowed(one, { policy })]).toEqual([one, false]);
    const allowed = new Set(policy.flatMap(({ Action }) => [Action].flat()));
    const others = roleOf(plain, names.machineRoles.evaluate.name).policy.flatMap(({ Action }) =>
      [Action].flat(),
    );
    const needed = new Set(machineCalls[engine].map(({ action }) => action));
    expect([...allowed].filter((action) => !needed.has(action) && !others.includes(action))).toEqual([]);
  });

  test('close-run stops what its machine left', () => {
    const closing = roleOf(resources, names.functions['close-run'].name).policy;
    const stop =
      engine === 'glue'
        ? call('glue:BatchStopJobRun', arn('glue', `job/${used.job}`))
        : call('ecs:StopTask', arn('ecs', `task/${prepare.cluster}/1`));
    expect(isAllowed(stop, { policy: closing })).toBe(true);
    expect(isAllowed(stop, { policy: roleOf(plain, names.functions['close-run'].name).policy })).toBe(false);
  });

  test('the program reads data and artifacts, and writes what it prepared', () => {
    const program = roleOf(resources, used.role.name);
    expect(program.trust).toContain(engine === 'glue' ? 'glue.amazonaws.com' : 'ecs-tasks.amazonaws.com');
    expect(program.trust).toContain('"aws:SourceAccount":"111111111111"');
    const may = (one: Call) => isAllowed(one, { policy: program.policy });
    expect(may(call('s3:GetObject', `arn:aws:s3:::${names.dataBucket}/rows.csv`))).toBe(true);
    expect(may(call('s3:GetObject', 'arn:aws:s3:::warehouse/churn/rows/1.csv'))).toBe(true);
    expect(may(call('s3:PutObject', artifact('jobs-evaluate/churn/1/train/train.csv')))).toBe(true);
    for (const kept of [
      'jobs-promote/churn/1/train.csv',
      'prepared/1/train/train.csv',
      'models/1/model.tar.gz',
    ])
      expect([kept, may(call('s3:PutObject', artifact(kept)))]).toEqual([kept, false]);
    expect(may(call('s3:GetObject', 'arn:aws:s3:::elsewhere/rows.csv'))).toBe(false);
  });

  test('nothing that a role of the stack may do is beyond its boundary', () => {
    const bounds = boundary(testEnvironment('staging', engine));
    const roles = Object.values(resources).filter(({ Type }) => Type === 'AWS::IAM::Role');
    for (const { Properties } of roles)
      for (const { Effect, Action, Resource, Condition } of roleOf(resources, Properties.RoleName as string)
        .policy)
        for (const action of [Action].flat()) {
          const services = Condition?.StringEquals?.['iam:PassedToService'];
          // The role of jobs may write to any stream of SageMaker's groups, its boundary to those of its jobs.
          const [given = '*'] = [Resource].flat().map((one) => (typeof one === 'string' ? one : '*'));
          const resource =
            given.endsWith(':log-group:/aws/sagemaker/*') && !action.endsWith('Group')
              ? `${given}:log-stream:${names.jobPrefix}-1`
              : given;
          const one = call(action, resource, {
            ...(services !== undefined && { 'iam:PassedToService': services }),
            // The calls of the machines and of jobs, as themselves.
            'aws:PrincipalArn': roleArn(Properties.RoleName as string),
            'cloudwatch:namespace': '/aws/sagemaker/TrainingJobs',
          });
          if (Effect === 'Allow') expect([one, isAllowed(one, { policy: bounds })]).toEqual([one, true]);
        }
  });

  test('a deployment may make what the engine asks for, where that is asked for', () => {
    const create =
      engine === 'glue'
        ? [
            call('glue:CreateJob', arn('glue', `job/${used.job}`)),
            pass(roleArn(used.role.name), 'glue.amazonaws.com'),
          ]
        : [
            call('ecs:CreateCluster', prepare.clusterArn),
            call('ec2:CreateVpc', arn('ec2', 'vpc/vpc-1')),
            call('ec2:CreateTags', arn('ec2', 'vpc/vpc-1'), {
              'ec2:CreateAction': 'CreateVpc',
              'aws:RequestTag/project': 'churn',
              'aws:RequestTag/environment': 'staging',
            }),
            call('ec2:CreateSubnet', arn('ec2', 'subnet/subnet-1')),
            call('ec2:CreateSubnet', arn('ec2', 'vpc/vpc-1'), ownTags),
            call('ec2:CreateTags', arn('ec2', 'vpc/vpc-1'), ownTags),
            call('ec2:DeleteVpc', arn('ec2', 'vpc/vpc-1'), ownTags),
          ];
    const may = (one: Call, asked: 'processing' | typeof engine) => {
      const environment = testEnvironment('staging', asked);
      return isAllowed(one, { policy: Object.values(executionPolicies(environment)).flat() });
    };
    for (const one of create) {
      expect([one, may(one, engine)]).toEqual([one, true]);
      expect([one, may(one, 'processing')]).toEqual([one, false]);
    }
    // A VPC of others can be neither used nor tagged as the stack's own, whatever the tags of the request.
    const others = { 'aws:ResourceTag/project': 'churn', 'aws:ResourceTag/environment': 'production' };
    const asOurs = { 'aws:RequestTag/project': 'churn', 'aws:RequestTag/environment': 'staging' };
    for (const action of ['CreateSubnet', 'CreateRouteTable', 'CreateVpcEndpoint', 'DeleteVpc', 'CreateTags'])
      for (const context of [{}, others, asOurs, { ...others, ...asOurs }])
        expect(may(call(`ec2:${action}`, arn('ec2', 'vpc/vpc-9'), context), engine)).toBe(false);
    expect(may(call('glue:CreateJob', arn('glue', 'job/other')), engine)).toBe(false);
  });

  test('who cancels a run of a pull request stops its prepare job', () => {
    const policy = pullRequestPolicy(testEnvironment('staging', engine));
    const stop =
      engine === 'glue'
        ? call('glue:BatchStopJobRun', arn('glue', `job/${used.job}`))
        : call('ecs:StopTask', arn('ecs', `task/${prepare.cluster}/1`));
    expect(isAllowed(stop, { policy })).toBe(true);
  });
});
