import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Match, Template } from 'aws-cdk-lib/assertions';
import {
  embeddedMonitorResources,
  embeddedReleaseResources,
  embeddedResources,
} from '../pipeline/backends/embedded/embedded-backend.ts';
import type { Json } from '../pipeline/machines/asl.ts';
import { monitorMachine } from '../pipeline/machines/monitor.ts';
import { releaseMachine } from '../pipeline/machines/release.ts';
import { trainMachine } from '../pipeline/machines/train.ts';
import type { StepName } from '../pipeline/names.ts';
import {
  environmentStack,
  type Resource,
  resourcesOf,
  stackOf,
  testEnvironment,
} from './environment.fixture.ts';

const staging = resourcesOf(environmentStack('staging'));
const production = resourcesOf(environmentStack('production'));
const template = Template.fromJSON({ Resources: staging });

const ofType = (resources: Record<string, Resource>, type: string) =>
  Object.entries(resources).filter(([, { Type }]) => Type === type);

test.each([
  ['staging', staging, 3],
  ['production', production, 4],
] as const)('%s: the document deployed is the document that runs on a laptop', (_, resources, count) => {
  const machines = ofType(resources, 'AWS::StepFunctions::StateMachine');
  expect(machines).toHaveLength(count);
  const documents: Record<string, unknown> = Object.fromEntries(
    ['churn--staging', 'churn--production'].flatMap((stack) => [
      ...(['evaluate', 'promote'] as const).map((mode) => [
        `${stack}--train-${mode}`,
        trainMachine({ ...embeddedResources, mode }),
      ]),
      [
        `${stack}--release`,
        releaseMachine({
          ...embeddedReleaseResources,
          mode: 'promote',
          table: { database: stack.replaceAll('-', '_'), name: 'predictions' },
          ...(stack.endsWith('production') && { alarms: [`${stack}--endpoint-errors-{}`] }),
        }),
      ],
      [`${stack}--monitor`, monitorMachine({ ...embeddedMonitorResources, mode: 'promote' })],
    ]),
  );
  for (const [, { Properties }] of machines) {
    const substitutions = Object.keys(Properties.DefinitionSubstitutions as object);
    const text = (Properties.DefinitionString as string).replaceAll(
      /\$\{(\w+)\}/g,
      (_match, name: string) => {
        expect(substitutions).toContain(name);
        return laptop(name);
      },
    );
    const document = documents[Properties.StateMachineName as string] as Json;
    expect(withoutDemands(JSON.parse(text))).toEqual(withoutDemands(document));
  }
});

test.each([
  ['cn-north-1', 'aws-cn'],
  ['us-gov-west-1', 'aws-us-gov'],
] as const)('in %s every ARN has the partition %s', (region, partition) => {
  for (const engine of ['processing', 'glue', 'fargate'] as const) {
    const environment = testEnvironment('staging', engine, region);
    const text = JSON.stringify(resourcesOf(stackOf(environment)));
    expect(text.match(/arn:aws:[^"]*/g)).toBeNull();
    expect(text).toContain(`arn:${partition}:states:::sagemaker:createTrainingJob.sync`);
  }
});

const kebab = (name: string): string => name.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();

/** The laptop's name for what a placeholder stands for. */
function laptop(placeholder: string): string {
  if (placeholder === 'JobRole') return embeddedResources.jobRole;
  const step = kebab(placeholder) as StepName;
  return {
    ...embeddedResources.functions,
    ...embeddedReleaseResources.functions,
    ...embeddedMonitorResources.functions,
  }[step];
}

/** `demands` is the hash of the rest. */
const demands = ['Tags', 'VpcConfig', 'NetworkConfig', 'EnableNetworkIsolation', 'KmsKeyId', 'demands'];

/** A document without what an account demands of its jobs. */
function withoutDemands(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutDemands);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, inner]): [string, Json][] => {
    if (demands.includes(key)) return [];
    const instances = (inner ?? {}) as { VolumeKmsKeyId?: string; 'InstanceType.$'?: string };
    return instances.VolumeKmsKeyId
      ? [[`${key}.$`, instances['InstanceType.$']?.replace(/\.InstanceType$/, '') ?? null]]
      : [[key, withoutDemands(inner)]];
  });
  return Object.fromEntries(entries);
}

test('the document names versions of the functions, which outlive a deployment', () => {
  for (const [, { Properties }] of ofType(staging, 'AWS::StepFunctions::StateMachine')) {
    const {
      JobRole: _,
      Ledger: __,
      ...functions
    } = Properties.DefinitionSubstitutions as Record<string, { Ref?: string }>;
    for (const [name, { Ref = '' }] of Object.entries(functions)) {
      const version = staging[Ref];
      expect([name, version?.Type, version?.DeletionPolicy, version?.UpdateReplacePolicy]).toEqual([
        name,
        'AWS::Lambda::Version',
        'Retain',
        'Retain',
      ]);
      const called = staging[(version?.Properties.FunctionName as { Ref?: string } | undefined)?.Ref ?? ''];
      expect(called?.Properties.FunctionName).toBe(`churn--staging--${kebab(name)}`);
    }
  }
});

test('what mlops.yaml demands is on every job', () => {
  const [, machine] = ofType(production, 'AWS::StepFunctions::StateMachine')[0] ?? [];
  const { States } = JSON.parse(machine?.Properties.DefinitionString as string);
  const { settings } = testEnvironment('production');
  const key = settings.kms_key;
  const vpc = { Subnets: settings.vpc?.subnets, SecurityGroupIds: settings.vpc?.security_groups };
  const tags = expect.arrayContaining([
    { Key: 'project', Value: 'churn' },
    { Key: 'environment', Value: 'production' },
    { Key: 'cost-centre', Value: '42' },
  ]);
  const [candidate] = States.Score.Branches;
  const training = {
    VpcConfig: vpc,
    EnableNetworkIsolation: true,
    OutputDataConfig: expect.objectContaining({ KmsKeyId: key }),
    ResourceConfig: expect.objectContaining({ VolumeKmsKeyId: key }),
  };
  expect(States.Train.Parameters).toMatchObject({ ...training, Tags: tags });
  expect(States.Tune.Parameters).toMatchObject({ TrainingJobDefinition: training, Tags: tags });
  expect(States.Prepare.Parameters).toMatchObject({
    NetworkConfig: { VpcConfig: vpc },
    ProcessingOutputConfig: { KmsKeyId: key },
    ProcessingResources: { ClusterConfig: { VolumeKmsKeyId: key } },
    Tags: tags,
  });
  expect(candidate.States['Create model: candidate'].Parameters).toMatchObject({
    VpcConfig: vpc,
    EnableNetworkIsolation: true,
    Tags: tags,
  });
  expect(candidate.States['Score candidate'].Parameters).toMatchObject({
    TransformOutput: { KmsKeyId: key },
    TransformResources: { VolumeKmsKeyId: key },
    Tags: tags,
  });
});

test('the customer key is on everything at rest', () => {
  const { settings } = testEnvironment('production');
  const key = settings.kms_key;
  const text = (type: string) =>
    ofType(production, type).map(([id, { Properties }]) => [
      id,
      JSON.stringify(Properties).includes(key ?? ''),
    ]);
  for (const type of [
    'AWS::S3::Bucket',
    'AWS::ECR::Repository',
    'AWS::DynamoDB::Table',
    'AWS::Lambda::Function',
    'AWS::Logs::LogGroup',
    'AWS::SNS::Topic',
    'AWS::SQS::Queue',
    'AWS::Athena::WorkGroup',
  ]) {
    expect(text(type).length).toBeGreaterThan(0);
    expect(text(type).filter(([, has]) => !has)).toEqual([]);
  }
});

test('functions and roles of a demanding account: VPC, boundary, tags', () => {
  for (const [, { Properties }] of ofType(production, 'AWS::Lambda::Function'))
    expect(Properties).toMatchObject({
      VpcConfig: { SubnetIds: ['subnet-0a1b2c3d', 'subnet-1a1b2c3d'], SecurityGroupIds: ['sg-0a1b2c3d'] },
      Tags: expect.arrayContaining([{ Key: 'cost-centre', Value: '42' }]),
    });
  for (const [resources, boundary] of [
    [staging, 'arn:aws:iam::111111111111:policy/churn--staging--boundary'],
    [production, 'arn:aws:iam::111111111111:policy/company'],
  ] as const) {
    const roles = ofType(resources, 'AWS::IAM::Role');
    expect(roles.length).toBeGreaterThan(10);
    for (const [, { Properties }] of roles) expect(Properties.PermissionsBoundary).toEqual(boundary);
  }
});

test('buckets: versioned, encrypted, private, over TLS only, kept', () => {
  const buckets = ofType(staging, 'AWS::S3::Bucket');
  expect(buckets).toHaveLength(2);
  for (const [id, bucket] of buckets) {
    expect(bucket).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
    expect(bucket.Properties).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      LifecycleConfiguration: {
        Rules: expect.arrayContaining([expect.objectContaining({ Status: 'Enabled' })]),
      },
    });
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      Bucket: { Ref: id },
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  }
});

test('the ledger: on demand, restorable, protected, kept', () => {
  template.hasResource('AWS::DynamoDB::Table', {
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: {
      BillingMode: 'PAY_PER_REQUEST',
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      KeySchema: [
        { AttributeName: 'kind', KeyType: 'HASH' },
        { AttributeName: 'id', KeyType: 'RANGE' },
      ],
    },
  });
});

test('images: immutable, scanned, those of packages kept first', () => {
  const repositories = ofType(staging, 'AWS::ECR::Repository');
  expect(repositories.map(([, { Properties }]) => Properties.RepositoryName)).toEqual([
    'churn/staging/candidate',
    'churn/staging/release',
  ]);
  for (const [, repository] of repositories) {
    expect(repository).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
    });
    expect(repository.Properties).toMatchObject({
      ImageTagMutability: 'IMMUTABLE',
      ImageScanningConfiguration: { ScanOnPush: true },
    });
    const { LifecyclePolicyText } = repository.Properties.LifecyclePolicy as { LifecyclePolicyText: string };
    const { rules } = JSON.parse(LifecyclePolicyText);
    expect(rules[0]).toMatchObject({
      rulePriority: 1,
      selection: { tagPrefixList: ['keep-'], countType: 'imageCountMoreThan' },
    });
    // What they remove as time passes: foundation/images.test.ts.
    expect(rules.at(-1)).toMatchObject({ rulePriority: rules.length, selection: { tagStatus: 'any' } });
  }
});

test('a run that its machine cannot close is closed by the rule', () => {
  template.hasResourceProperties('AWS::Events::Rule', {
    EventPattern: {
      source: ['aws.states'],
      'detail-type': ['Step Functions Execution Status Change'],
      detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'], stateMachineArn: Match.anyValue() },
    },
    Targets: [
      Match.objectLike({
        Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('closerun'), 'Arn'] },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('Lost'), 'Arn'] } },
      }),
    ],
  });
});

test('no role is trusted but by its service, for this account where the service says whose work it is', () => {
  for (const [id, { Properties }] of ofType(staging, 'AWS::IAM::Role')) {
    const { Statement } = Properties.AssumeRolePolicyDocument as { Statement: Record<string, unknown>[] };
    expect([id, Statement.length]).toEqual([id, 1]);
    const [{ Principal, Condition } = {}] = Statement as {
      Principal?: { Service: string };
      Condition?: unknown;
    }[];
    expect(Principal?.Service).toMatch(/^(lambda|sagemaker|states)\.amazonaws\.com$/);
    if (Principal?.Service !== 'lambda.amazonaws.com')
      expect(Condition).toEqual({ StringEquals: { 'aws:SourceAccount': '111111111111' } });
  }
});

test('nothing that costs at rest but storage, alarms and logs; nothing that CDK adds by custom resources', () => {
  const types = new Set(Object.values({ ...staging, ...production }).map(({ Type }) => Type));
  expect([...types].sort()).toEqual([
    'AWS::Athena::NamedQuery',
    'AWS::Athena::WorkGroup',
    'AWS::CloudWatch::Alarm',
    'AWS::CloudWatch::Dashboard',
    'AWS::DynamoDB::Table',
    'AWS::ECR::Repository',
    'AWS::Events::Rule',
    'AWS::Glue::Database',
    'AWS::Glue::Table',
    'AWS::IAM::Role',
    'AWS::Lambda::EventInvokeConfig',
    'AWS::Lambda::Function',
    'AWS::Lambda::Permission',
    'AWS::Lambda::Url',
    'AWS::Lambda::Version',
    'AWS::Logs::LogGroup',
    'AWS::S3::Bucket',
    'AWS::S3::BucketPolicy',
    'AWS::SNS::Subscription',
    'AWS::SNS::Topic',
    'AWS::SNS::TopicPolicy',
    'AWS::SQS::Queue',
    'AWS::SQS::QueuePolicy',
    'AWS::Scheduler::Schedule',
    'AWS::Scheduler::ScheduleGroup',
    'AWS::StepFunctions::StateMachine',
  ]);
  const functions = ofType(staging, 'AWS::Lambda::Function');
  for (const [, { Properties }] of functions) {
    expect(Properties.ProvisionedConcurrency).toBeUndefined();
    // An account whose quota is 10 has none to reserve: a deployment would fail there.
    expect(Properties.ReservedConcurrentExecutions).toBeUndefined();
  }
});

/** A changed id makes CloudFormation replace what people's data is in. Change this list only with a migration. */
test('what holds state keeps its logical id', () => {
  const stateful = Object.entries(staging)
    .filter(
      ([, { DeletionPolicy, Type }]) =>
        DeletionPolicy?.startsWith('Retain') && Type !== 'AWS::Lambda::Version',
    )
    .map(([id, { Type }]) => [id, Type]);
  const committed = JSON.parse(readFileSync(new URL('stateful-resources.json', import.meta.url), 'utf8'));
  expect(Object.fromEntries(stateful)).toEqual(committed);
});

test('the template as a whole', () => {
  const normalized = JSON.parse(
    JSON.stringify(staging, (key, value) => (key === 'DefinitionString' ? '(the document)' : value))
      // The hash of a function's code and settings.
      .replaceAll(/(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}/g, '$1'),
  );
  expect(normalized).toMatchSnapshot();
});
