import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeStateMachineCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { sfnClient } from '../../../../pipeline/aws/clients.ts';
import { signedCall } from '../../../../pipeline/aws/signed-call.ts';
import { account, region, startFakeCloud } from '../../../../pipeline/backends/aws/fakecloud.fixture.ts';
import { resourceNames } from '../../../../pipeline/names.ts';
import { runProgram } from '../../../cli/run-program.fixture.ts';

/** The real CDK command line deploys an environment for each engine of the prepare job to an emulator, one after the other. */
jest.setTimeout(240_000);

await startFakeCloud(4635);

const names = resourceNames({ project: 'churn', environment: 'staging', account, region });
let folder = '';
let config = '';
const write = (engine: string) =>
  writeFile(
    config,
    `project: churn\nproblem: binary\ndata: { source: rows.csv, target: left }\nprepare: { engine: ${engine} }\n` +
      `environments: { staging: { account: "${account}", region: ${region} } }\n`,
  );
const run = async (program: string, ...args: string[]) => {
  const { code, output } = await runProgram(program, config, ...args, '--environment', 'staging');
  expect({ code, output }).toMatchObject({ code: 0 });
  return output;
};
const prepareState = async (name: string) => {
  const { definition = '' } = await sfnClient().send(
    new DescribeStateMachineCommand({ stateMachineArn: names.machines.evaluate.arn }),
  );
  expect(definition).not.toContain('${');
  return JSON.parse(definition).States[name];
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlops-engines-'));
  config = join(folder, 'mlops.yaml');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('glue: the document starts the job', async () => {
  await write('glue');
  await run('bootstrap.ts', '--subject-prefix', 'repo:octo@1/churn@2');
  await run('cdk.ts', 'deploy');
  // The emulator makes no Glue job, though it says so: prepare-engines.test.ts has what the template asks for.
  expect(await prepareState('Prepare')).toMatchObject({
    Resource: 'arn:aws:states:::glue:startJobRun.sync',
    Parameters: { JobName: expect.any(String) },
  });
});

test('fargate: the cluster and its network take the place of the job', async () => {
  await write('fargate');
  // An account has the role that ECS itself uses once; a second bootstrap finds it.
  for (const created of [true, false]) {
    const output = await run('bootstrap.ts', '--subject-prefix', 'repo:octo@1/churn@2');
    expect(output.includes('Created the role of Amazon ECS')).toBe(created);
  }
  await run('cdk.ts', 'deploy');
  const { Parameters } = await prepareState('Prepare');
  const { clusters } = await signedCall<{ clusters: unknown[] }>({
    service: 'ecs',
    region,
    action: 'DescribeClusters',
    parameters: { clusters: [names.prepare.cluster] },
  });
  expect(clusters).toMatchObject([{ clusterArn: Parameters.Cluster, status: 'ACTIVE' }]);
  const { Subnets, SecurityGroups, AssignPublicIp } = Parameters.NetworkConfiguration.AwsvpcConfiguration;
  expect([Subnets, SecurityGroups, AssignPublicIp]).toEqual([
    [expect.stringMatching(/^subnet-/), expect.stringMatching(/^subnet-/)],
    [expect.stringMatching(/^sg-/)],
    'ENABLED',
  ]);
});
