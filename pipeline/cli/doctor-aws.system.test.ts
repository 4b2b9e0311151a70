import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { s3Client } from '../aws/clients.ts';
import { signedCall } from '../aws/signed-call.ts';
import { account, region, startFakeCloud } from '../backends/aws/fakecloud.fixture.ts';
import type { Check } from '../doctor/check.ts';
import { type Claims, claimsOf, conditionsOf } from '../github/token-trust.ts';
import { resourceNames } from '../names.ts';
import { stackTrace, type Workspace } from './cli.fixture.ts';
import { smallConfig, smallProject } from './small-project.fixture.ts';

/** `mlops doctor --backend aws` against an emulator of AWS and a server that answers for GitHub. */
const { endpoint, reset } = await startFakeCloud(4617);
const names = resourceNames({ project: 'small', environment: 'staging', account, region });

const workspace = smallProject();
const configured = (owner: string, more = '') =>
  `${smallConfig}${more}environments: { staging: { account: "${owner}", region: ${region} } }\n`;
let github: Server;

beforeAll(async () => {
  // A repository of the time when subjects carry the ids.
  const answers: Record<string, object> = {
    '/repos/ours/small': {
      id: 2,
      name: 'small',
      created_at: '2026-09-01T00:00:00Z',
      default_branch: 'trunk',
      owner: { id: 1, login: 'ours' },
    },
    '/repos/ours/small/actions/oidc/customization/sub': { use_default: true },
  };
  github = createServer((request, response) => {
    const answer = answers[request.url ?? ''];
    response.writeHead(answer ? 200 : 404).end(JSON.stringify(answer ?? {}));
  }).listen(0, '127.0.0.1');
  await once(github, 'listening');
  Object.assign(workspace.environment, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EC2_METADATA_DISABLED: 'true',
    GITHUB_API_URL: `http://127.0.0.1:${(github.address() as AddressInfo).port}`,
  });
  writeFileSync(workspace.path('mlops.yaml'), configured(account));
  const git = (...args: string[]) => execFileSync('git', args, { cwd: workspace.folder });
  git('init', '-q');
  git('remote', 'add', 'origin', 'https://github.com/ours/small.git');
  await reset();
});
afterAll(() => {
  github.close();
});

async function examine(from: Workspace = workspace) {
  const { code, stdout, stderr } = await from.mlops('doctor', '--backend', 'aws', '--json');
  expect(stderr).not.toMatch(stackTrace);
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  return { code, checks, check: (name: string) => checks.find((found) => found.name === name) };
}

const prefix = 'repo:ours@1/small@2';
const call = (
  service: 'ssm' | 'iam' | 'cloudformation',
  action: string,
  parameters: Record<string, string>,
) => signedCall({ service, region, action, parameters });
const makeRole = (RoleName: string, claims: Claims) =>
  call('iam', 'CreateRole', {
    RoleName,
    AssumeRolePolicyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: {
            Federated: `arn:aws:iam::${account}:oidc-provider/token.actions.githubusercontent.com`,
          },
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: conditionsOf(claims),
        },
      ],
    }),
  });

test('an account with nothing in it: each thing that is missing, and how to make it', async () => {
  const { code, check } = await examine();
  expect(code).toBe(1);
  expect(check('Identity')?.outcome).toBe('ok');
  const bootstrap = expect.stringContaining('npm run bootstrap -- --environment staging');
  const deploy = expect.stringContaining('npm run deploy -- --environment staging');
  expect(check('Bootstrap')).toMatchObject({ outcome: 'problem', mend: bootstrap });
  expect(check('Stack')).toMatchObject({ outcome: 'problem', mend: deploy });
  expect(check('Artifacts')).toMatchObject({ outcome: 'problem', mend: deploy });
  expect(check('Data bucket')).toMatchObject({ outcome: 'problem', mend: deploy });
  expect(check('Deploy role')).toMatchObject({ outcome: 'problem', mend: bootstrap });
  expect(check('Pull request')).toMatchObject({ outcome: 'problem', mend: bootstrap });
});

test('what is there is told; a role that trusts another subject stands out', async () => {
  await call('ssm', 'PutParameter', {
    Name: `/cdk-bootstrap/${names.qualifier}/version`,
    Value: '21',
    Type: 'String',
  });
  for (const Bucket of [names.artifactsBucket, names.dataBucket])
    await s3Client(region).send(new CreateBucketCommand({ Bucket }));
  await call('cloudformation', 'CreateStack', {
    StackName: names.stack,
    TemplateBody: JSON.stringify({
      Resources: { Topic: { Type: 'AWS::SNS::Topic' } },
      Outputs: { Topic: { Value: { Ref: 'Topic' } } },
    }),
  });
  const workflows = { subjectPrefix: prefix, branch: 'trunk' };
  const place = { environment: 'staging', approval: false, partition: 'aws' };
  await makeRole(names.pullRequestRole.name, claimsOf('pullRequest', workflows, place));
  await makeRole(names.deployRole.name, claimsOf('deploy', { ...workflows, branch: 'main' }, place));

  const { code, check } = await examine();
  expect(check('Region')).toMatchObject({ outcome: 'ok' });
  expect(check('Bootstrap')).toMatchObject({ outcome: 'ok', detail: expect.stringContaining('version 21') });
  expect(check('Stack')).toMatchObject({
    outcome: 'ok',
    detail: 'small--staging: CREATE_COMPLETE, 1 output',
  });
  expect(check('Artifacts')).toMatchObject({ outcome: 'ok' });
  expect(check('Data bucket')).toMatchObject({ outcome: 'ok' });
  expect(check('Pull request')).toMatchObject({ outcome: 'ok' });
  expect(check('Deploy role')).toMatchObject({
    outcome: 'problem',
    detail: expect.stringMatching(
      /^small--staging--deploy trusts sub .* and ref refs\/heads\/main and .*; this repository sends .* and ref refs\/heads\/trunk and /,
    ),
  });
  expect(code).toBe(1);
});

test('the quotas of the instance types that mlops.yaml asks for', async () => {
  const { check } = await examine();
  expect(check('Quotas')?.detail).toMatch(
    /ml\.m5\.large for processing job usage.*ml\.m5\.large for training job usage.*ml\.m5\.large for transform job usage/,
  );
});

test('a region or instance without a price', async () => {
  const other = workspace.copy();
  Object.assign(other.environment, workspace.environment);
  writeFileSync(
    other.path('mlops.yaml'),
    configured(account, 'inference: { instance: { type: ml.x9.large } }\n'),
  );
  const { check } = await examine(other);
  expect(check('Region')).toMatchObject({
    outcome: 'warning',
    detail: expect.stringContaining('ml.x9.large (transform)'),
    mend: expect.stringContaining(`node scripts/update-prices.ts ${region}`),
  });
  expect(check('Quotas')).toMatchObject({ outcome: expect.not.stringMatching('ok') });
});

test('the wrong account: nothing else is looked at', async () => {
  const other = workspace.copy();
  Object.assign(other.environment, workspace.environment);
  writeFileSync(other.path('mlops.yaml'), configured('111111111111'));
  const { code, checks } = await examine(other);
  expect(code).toBe(1);
  expect(checks.at(-1)).toMatchObject({
    name: 'Identity',
    outcome: 'problem',
    detail: expect.stringMatching(/are of account 123456789012 .*staging\.account is 111111111111/),
    mend: expect.stringContaining('AWS_PROFILE'),
  });
});

test('no credentials: nothing else is looked at, and what to do', async () => {
  const other = workspace.copy();
  const { AWS_ACCESS_KEY_ID: _, ...rest } = workspace.environment;
  Object.assign(other.environment, rest, { HOME: other.folder });
  const none = await examine(other);
  expect(none.code).toBe(1);
  expect(none.checks.at(-1)).toMatchObject({
    name: 'Identity',
    detail: expect.stringMatching(/found no AWS credentials.*aws sso login/),
  });
});

test('credentials that have expired: said as that, with what to do', async () => {
  const expired = createServer((_request, response) => {
    response
      .writeHead(403, { 'content-type': 'text/xml' })
      .end(
        '<ErrorResponse><Error><Code>ExpiredToken</Code><Message>expired</Message></Error></ErrorResponse>',
      );
  }).listen(0, '127.0.0.1');
  await once(expired, 'listening');
  try {
    const other = workspace.copy();
    Object.assign(other.environment, workspace.environment, {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(expired.address() as AddressInfo).port}`,
    });
    const { code, checks } = await examine(other);
    expect(code).toBe(1);
    expect(checks.at(-1)).toMatchObject({
      name: 'Identity',
      detail: expect.stringMatching(/credentials have expired; sign in again/),
    });
  } finally {
    expired.close();
  }
});

test('an environment that mlops.yaml has not, or options that do not go together, are bad input', async () => {
  const other = await workspace.mlops('doctor', '--backend', 'aws', '--environment', 'prod');
  expect([other.code, other.stderr]).toEqual([
    2,
    expect.stringContaining('expected one of mlops.yaml: staging'),
  ]);
  const alone = await workspace.mlops('doctor', '--environment', 'staging');
  expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('without --backend aws')]);
});
