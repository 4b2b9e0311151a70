import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteBucketPolicyCommand } from '@aws-sdk/client-s3';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { s3Client, stsClient } from '../../pipeline/aws/clients.ts';
import { signedCall } from '../../pipeline/aws/signed-call.ts';
import { account, region, startFakeCloud } from '../../pipeline/backends/aws/fakecloud.fixture.ts';
import { resourceNames } from '../../pipeline/names.ts';
import { runProgram } from '../cli/run-program.fixture.ts';

/**
 * The deploy role of GitHub's workflows at work: the real CDK command line deploys with its credentials and no others, to an
 * emulator that evaluates policies, though not those of CloudFormation's calls (reach.test.ts has these).
 */
jest.setTimeout(240_000);

process.env.FAKECLOUD_IAM = 'strict';
await startFakeCloud(4637);

const names = resourceNames({ project: 'churn', environment: 'staging', account, region });
const toolkitRole = (role: string) => `cdk-${names.qualifier}-${role}-role-${account}-${region}`;
let folder = '';
let config = '';

const iam = (action: string, parameters: Record<string, string>) =>
  signedCall<Record<string, string>>({ service: 'iam', region, action, parameters });

/** Credentials of a role that has been assumed with those given. */
async function assume(roleName: string) {
  const RoleArn = `arn:aws:iam::${account}:role/${roleName}`;
  const { Credentials } = await stsClient(region).send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName: 'deployment' }),
  );
  return {
    AWS_ACCESS_KEY_ID: Credentials?.AccessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: Credentials?.SecretAccessKey ?? '',
    AWS_SESSION_TOKEN: Credentials?.SessionToken ?? '',
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlops-deploy-role-'));
  config = join(folder, 'mlops.yaml');
  await writeFile(
    config,
    `project: churn\nproblem: binary\ndata: { source: rows.csv, target: left }\n` +
      `environments:\n  staging: { account: "${account}", region: ${region} }\n  production: { account: "${account}", region: ${region} }\n`,
  );
  for (const environment of ['staging', 'production']) {
    const made = await runProgram(
      'bootstrap.ts',
      config,
      ...['--environment', environment, '--subject-prefix', 'repo:octo@1/churn@2'],
    );
    expect(made).toMatchObject({ code: 0 });
  }
  // The bucket's policy asks for TLS, which the emulator has not.
  await s3Client().send(
    new DeleteBucketPolicyCommand({ Bucket: `cdk-${names.qualifier}-assets-${account}-${region}` }),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const trust = (RoleName: string, principal: string) =>
  iam('UpdateAssumeRolePolicy', {
    RoleName,
    PolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: principal }, Action: 'sts:AssumeRole' }],
    }),
  });
const also = (RoleName: string, ...Action: string[]) =>
  iam('PutRolePolicy', {
    RoleName,
    PolicyName: 'emulator',
    PolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action, Resource: '*' }],
    }),
  });

beforeAll(async () => {
  // The emulator issues no tokens as GitHub does, and compares a session with a role's name where AWS compares its role.
  await trust(names.deployRole.name, `arn:aws:iam::${account}:root`);
  for (const role of ['deploy', 'file-publishing'])
    await trust(
      toolkitRole(role),
      `arn:aws:sts::${account}:assumed-role/${names.deployRole.name}/deployment`,
    );
  // AWS asks for no permission to know oneself, and calls these actions of S3 ListBucket and GetEncryptionConfiguration.
  for (const role of [names.deployRole.name, toolkitRole('deploy'), toolkitRole('file-publishing')])
    await also(role, 'sts:GetCallerIdentity');
  await also(
    toolkitRole('file-publishing'),
    ...['sts:GetCallerIdentity', 's3:ListObjectsV2', 's3:GetBucketEncryption', 's3:HeadObject'],
  );
  // The boundary, which reach.test.ts evaluates, has none of them.
  await iam('DeleteRolePermissionsBoundary', { RoleName: names.deployRole.name });
  Object.assign(process.env, await assume(names.deployRole.name));
});

test('the command line deploys through the toolkit, with the credentials of the deploy role alone', async () => {
  const { code, output } = await runProgram('cdk.ts', config, 'deploy', '--environment', 'staging');
  expect({ code, output }).toMatchObject({ code: 0 });
  // It goes on with the credentials themselves where it may not assume a role.
  expect(output).not.toMatch(/could not be used to assume|Proceeding/);
});

test('and compares, reading the stack with the role that deploys it', async () => {
  const { code, output } = await runProgram('cdk.ts', config, 'diff', '--environment', 'staging');
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(output).toContain('There were no differences');
  expect(output).not.toMatch(/was not assumed|could not be used to assume|Proceeding/);
});

test('another environment, whose toolkit does not trust it, is out of its reach', async () => {
  const { code, output } = await runProgram('cdk.ts', config, 'deploy', '--environment', 'production');
  expect(output).toMatch(/not bootstrapped for production, or this identity may not use it|may not /);
  expect(code).toBe(1);
});
