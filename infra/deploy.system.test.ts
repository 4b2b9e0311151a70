import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CreateLogGroupCommand, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeTableCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DescribeRepositoriesCommand } from '@aws-sdk/client-ecr';
import { GetBucketPolicyCommand, HeadBucketCommand } from '@aws-sdk/client-s3';
import { DescribeStateMachineCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  clientOf,
  cloudWatchLogsClient,
  dynamoDbClient,
  ecrClient,
  s3Client,
  sfnClient,
} from '../pipeline/aws/clients.ts';
import { type Members, membersOf, signedCall } from '../pipeline/aws/signed-call.ts';
import { account, region, startFakeCloud } from '../pipeline/backends/aws/fakecloud.fixture.ts';
import { resourceNames } from '../pipeline/names.ts';
import { startImportingCloud } from './cli/importing-cloud.fixture.ts';
import { runProgram } from './cli/run-program.fixture.ts';

/** The real CDK command line against an emulator: what a person and the deploy workflow do, in order. */
jest.setTimeout(240_000);

const cloud = await startImportingCloud(await startFakeCloud(4621));

const names = resourceNames({ project: 'churn', environment: 'staging', account, region });
let folder = '';
let config = '';

const yaml = (extra = '', owner = account) => `
project: churn
problem: binary
data: { source: rows.csv, target: left }
environments:
  staging: { account: "${owner}", region: ${region}${extra} }
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlops-deploy-'));
  config = join(folder, 'mlops.yaml');
  await writeFile(config, yaml());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (program: string, ...args: string[]) => runProgram(program, config, ...args);

const cdk = (command: string, ...args: string[]) =>
  run('cdk.ts', command, '--environment', 'staging', ...args);

async function statusOf(StackName: string): Promise<string | undefined> {
  const { Stacks = [] } = await clientOf(CloudFormationClient, region).send(
    new DescribeStacksCommand({ StackName }),
  );
  return Stacks[0]?.StackStatus;
}

/** A resource that CloudFormation makes, changes or removes. */
const touched = /(CREATE|UPDATE|DELETE)_\w+ *\| AWS::(?!CloudFormation::Stack)/;

test('a deploy before the bootstrap says who has to do what', async () => {
  const { code, output } = await cdk('deploy');
  expect(output).toMatch(/not bootstrapped for staging.*npm run bootstrap -- --environment staging/);
  expect(code).toBe(1);
});

test('the wrong account is refused before anything is made', async () => {
  await writeFile(config, yaml('', '999999999999'));
  const { code, output } = await cdk('deploy');
  await writeFile(config, yaml());
  expect(output).toMatch(
    /environments.staging.account: got credentials of account 123456789012.*expected 999999999999/,
  );
  expect(code).toBe(2);
});

const jobGroups = async () => {
  const { logGroups = [] } = await (await cloudWatchLogsClient(region)).send(
    new DescribeLogGroupsCommand({ logGroupNamePrefix: '/aws/sagemaker/' }),
  );
  return Object.fromEntries(
    logGroups.map(({ logGroupName = '', retentionInDays }) => [
      logGroupName.replace('/aws/sagemaker/', ''),
      retentionInDays,
    ]),
  );
};

test('bootstrap makes the identity stack and the toolkit, and says whom they trust and what to set', async () => {
  const theirs = { logGroupName: '/aws/sagemaker/TrainingJobs' };
  await (await cloudWatchLogsClient(region)).send(new CreateLogGroupCommand(theirs));
  const { code, output } = await run(
    'bootstrap.ts',
    ...['--subject-prefix', 'repo:octo@1/churn@2', '--branch', 'trunk'],
  );
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(output).toContain(`✅  ${names.identityStack}`);
  expect(output).toContain(`✅  ${names.stack}--toolkit`);
  expect(output).toContain(`gh variable set AWS_PULL_REQUEST_ROLE --body ${names.pullRequestRole.arn}`);
  expect(output).toContain('sub: repo:octo@1/churn@2:pull_request');
  expect(output).toMatch(/job_workflow_ref: .*deploy-environment\.yml@refs\/heads\/trunk/);
  expect(output).toContain('Limit the GitHub environment staging to the branch trunk.');
  const { AttachedPolicies } = await signedCall<{ AttachedPolicies: Members<{ PolicyName: string }> }>({
    service: 'iam',
    region,
    action: 'ListAttachedRolePolicies',
    parameters: { RoleName: `cdk-${names.qualifier}-cfn-exec-role-${account}-${region}` },
  });
  expect(membersOf(AttachedPolicies).map(({ PolicyName }) => PolicyName)).toEqual(
    expect.arrayContaining(
      ['storage', 'compute', 'watch', 'engine', 'roles'].map((topic) => `${names.stack}--execution-${topic}`),
    ),
  );
  expect(output).toContain('/aws/sagemaker/ProcessingJobs: created; it keeps logs for 90 days.');
  expect(output).toMatch(
    /TrainingJobs: it is there and keeps all logs for ever.*put-retention-policy --region us-east-1 --log-group-name \/aws\/sagemaker\/TrainingJobs/,
  );
  expect(await jobGroups()).toEqual({ ProcessingJobs: 90, TrainingJobs: undefined, TransformJobs: 90 });
});

test('where a person approves, bootstrap makes no pull-request role, and says so', async () => {
  await writeFile(config, yaml(', approval: true'));
  const { code, output } = await run('bootstrap.ts', '--subject-prefix', 'repo:octo@1/churn@2');
  await writeFile(config, yaml());
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(output).not.toContain('AWS_PULL_REQUEST_ROLE --body');
  expect(output).toContain('staging has no pull-request role, because approval is true');
  expect(output).toContain('Limit the GitHub environments staging and staging-approval to the branch main');
  await expect(
    signedCall({
      service: 'iam',
      region,
      action: 'GetRole',
      parameters: { RoleName: names.pullRequestRole.name },
    }),
  ).rejects.toThrow();
});

test('bootstrap again, as after an upgrade, takes the provider that is there', async () => {
  const { code, output } = await run('bootstrap.ts', '--subject-prefix', 'repo:octo@1/churn@2');
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(output).not.toContain('ProcessingJobs');
});

test('deploy makes the environment; what it made answers', async () => {
  const outputs = join(folder, 'outputs.json');
  const { code, output } = await cdk('deploy', '--outputs', outputs);
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(output).toMatch(touched);
  expect(JSON.parse(await readFile(outputs, 'utf8'))[names.stack]).toMatchObject({
    ArtifactsBucket: names.artifactsBucket,
    LedgerTable: names.ledgerTable,
    PromoteMachine: names.machines.promote.arn,
  });
  await s3Client().send(new HeadBucketCommand({ Bucket: names.dataBucket }));
  const { Policy = '' } = await s3Client().send(
    new GetBucketPolicyCommand({ Bucket: names.artifactsBucket }),
  );
  expect(Policy).toContain('aws:SecureTransport');
  const { Table } = await dynamoDbClient().send(new DescribeTableCommand({ TableName: names.ledgerTable }));
  expect(Table?.KeySchema?.map(({ AttributeName }) => AttributeName)).toEqual(['kind', 'id']);
  const { repositories } = await ecrClient().send(
    new DescribeRepositoriesCommand({ repositoryNames: [names.releaseRepository] }),
  );
  expect(repositories?.[0]?.imageTagMutability).toBe('IMMUTABLE');
  const { definition = '' } = await sfnClient().send(
    new DescribeStateMachineCommand({ stateMachineArn: names.machines.evaluate.arn }),
  );
  // The first version. CloudFormation answers with its ARN, the emulator with NAME:VERSION.
  expect(JSON.parse(definition).States.Plan.Parameters.FunctionName).toMatch(/\bchurn--staging--plan:1$/);
  expect(definition).not.toContain('${');
  const started = await sfnClient().send(
    new StartExecutionCommand({ stateMachineArn: names.machines.evaluate.arn, name: 'run-1', input: '{}' }),
  );
  expect(started.executionArn).toContain('run-1');
});

test('a second deploy changes nothing, and diff says so', async () => {
  const again = await cdk('deploy');
  // The emulator counts pseudo parameters as changed, so the command line asks for a change set: it holds no resource.
  expect(again.output).toContain(`✅  ${names.stack}`);
  expect(again.output).not.toMatch(touched);
  expect(again.code).toBe(0);
  const diff = await cdk('diff');
  expect(diff.output).toContain('There were no differences');
  expect(diff.code).toBe(0);
});

test('diff shows a change, in the state machine too, and deploy makes it', async () => {
  await writeFile(config, yaml(', tags: { team: blue }'));
  const diff = await cdk('diff');
  expect(diff.output).toContain('team');
  expect(diff.output).toMatch(/DefinitionString/);
  const { code, output } = await cdk('deploy');
  expect({ code, output }).toMatchObject({ code: 0 });
  const { definition = '' } = await sfnClient().send(
    new DescribeStateMachineCommand({ stateMachineArn: names.machines.promote.arn }),
  );
  expect(JSON.parse(definition).States.Train.Parameters.Tags).toContainEqual({ Key: 'team', Value: 'blue' });
});

test('destroy keeps what cannot be made again, and says so', async () => {
  const { code, output } = await cdk('destroy');
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(output).toMatch(/Kept.*data and artifact buckets.*image repositories.*run ledger/s);
  await s3Client().send(new HeadBucketCommand({ Bucket: names.dataBucket }));
  await dynamoDbClient().send(new DescribeTableCommand({ TableName: names.ledgerTable }));
  await expect(
    sfnClient().send(new DescribeStateMachineCommand({ stateMachineArn: names.machines.promote.arn })),
  ).rejects.toThrow();
  expect(output).toContain('`npm run deploy` puts them into a new stack');
});

const marker = { kind: { S: 'champion/churn' }, id: { S: 'current' } };

test('a deploy after a destroy takes back what destroy kept, as it is', async () => {
  await dynamoDbClient().send(new PutItemCommand({ TableName: names.ledgerTable, Item: marker }));
  const { code, output } = await cdk('deploy');
  expect({ code, output }).toMatchObject({ code: 0 });
  const { artifactsBucket, candidateRepository, dataBucket, ledgerTable, releaseRepository } = names;
  expect(cloud.imported()).toEqual(
    [artifactsBucket, candidateRepository, dataBucket, ledgerTable, releaseRepository].sort(),
  );
  const { Item } = await dynamoDbClient().send(
    new GetItemCommand({ TableName: names.ledgerTable, Key: marker }),
  );
  expect(Item).toEqual(marker);
});

describe('a first creation that fails', () => {
  const first = resourceNames({ project: 'churn', environment: 'first', account, region });
  const deployFirst = () => run('cdk.ts', 'deploy', '--environment', 'first');

  test('leaves only the ledger, which is protected, and says what a next deploy does', async () => {
    await writeFile(config, yaml().replace('staging:', 'first:'));
    const made = await run('bootstrap.ts', '--subject-prefix', 'repo:octo@1/churn@2');
    expect(made).toMatchObject({ code: 0 });
    cloud.failNextCreation();
    const { code, output } = await deployFirst();
    expect(output).toMatch(
      /ROLLBACK_COMPLETE: the first failed resource above says why.*takes back what it left/s,
    );
    expect(code).toBe(1);
    expect(await statusOf(first.stack)).toBe('ROLLBACK_COMPLETE');
    await expect(s3Client().send(new HeadBucketCommand({ Bucket: first.dataBucket }))).rejects.toThrow();
    await dynamoDbClient().send(new DescribeTableCommand({ TableName: first.ledgerTable }));
  });

  test('is healed by the next deploy, with nothing to do by hand', async () => {
    const { code, output } = await deployFirst();
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(cloud.imported()).toEqual([first.ledgerTable]);
    expect(await statusOf(first.stack)).toBe('CREATE_COMPLETE');
    await s3Client().send(new HeadBucketCommand({ Bucket: first.dataBucket }));
  });
});
