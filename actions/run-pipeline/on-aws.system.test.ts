import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PutImageCommand } from '@aws-sdk/client-ecr';
import { DescribeExecutionCommand, ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { ecrClient, sfnClient } from '../../pipeline/aws/clients.ts';
import { signedCall } from '../../pipeline/aws/signed-call.ts';
import { deployedContext } from '../../pipeline/backends/aws/deployed-context.ts';
import { account, region, startFakeCloud } from '../../pipeline/backends/aws/fakecloud.fixture.ts';
import { deployStandIn, imageManifest } from '../../pipeline/backends/aws/state/stand-in.fixture.ts';
import { smallConfig, smallProject } from '../../pipeline/cli/small-project.fixture.ts';
import { hashContext } from '../../pipeline/image/context.ts';
import { imageTag, resourceNames } from '../../pipeline/names.ts';
import { prepareContext } from '../../pipeline/repository.ts';
import { assumedRole } from '../shared/assumed-role.ts';
import { builtAction } from '../shared/runner.fixture.ts';

/* The bundle as the runner runs it, against AWS's emulator; the state machine there does as the reason says. */
jest.setTimeout(120_000);
const cloud = await startFakeCloud(4641);
const names = resourceNames({ project: 'small', environment: 'staging', account, region });
const action = await builtAction('run-pipeline');
const workspace = smallProject();
const cwd = workspace.folder;

const issuer = 'token.actions.githubusercontent.com';
let subject = 'repo:octo@1/small@2:pull_request';

/** GitHub's service of OIDC tokens. */
const requests: { audience: string | null; authorization: string | undefined }[] = [];
const tokens = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
  requests.push({ audience: searchParams.get('audience'), authorization: request.headers.authorization });
  const claims = { iss: `https://${issuer}`, aud: 'sts.amazonaws.com', sub: subject };
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  response.setHeader('content-type', 'application/json');
  response.end(
    JSON.stringify({
      value: `${encoded({ alg: 'none' })}.${encoded(claims)}.secret-token`,
    }),
  );
});
afterAll(() => {
  tokens.close();
});

let env: Record<string, string> = {};
beforeAll(async () => {
  await deployStandIn(names);
  const trust = {
    Effect: 'Allow',
    Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/${issuer}` },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: { [`${issuer}:aud`]: 'sts.amazonaws.com', [`${issuer}:sub`]: subject } },
  };
  const iam = (action: string, parameters: Record<string, string>) =>
    signedCall({ service: 'iam', region, action, parameters });
  await iam('CreateOpenIDConnectProvider', {
    Url: `https://${issuer}`,
    'ClientIDList.member.1': 'sts.amazonaws.com',
  });
  await iam('CreateRole', {
    RoleName: names.pullRequestRole.name,
    AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }),
  });
  for (const [name, folder] of [
    ['prepare', prepareContext],
    ['model', workspace.path('model')],
  ] as const) {
    const { digest } = await hashContext(folder);
    await ecrClient().send(
      new PutImageCommand({
        repositoryName: names.candidateRepository,
        imageTag: imageTag(name, digest.slice('sha256:'.length)),
        imageManifest: imageManifest(name),
      }),
    );
  }
  await new Promise<void>((resolve) => tokens.listen(0, '127.0.0.1', resolve));
  const { writeFile } = await import('node:fs/promises');
  await writeFile(
    workspace.path('mlops.yaml'),
    `${smallConfig}environments: { staging: { account: "${account}", region: ${region} } }\n`,
  );
  env = {
    AWS_ENDPOINT_URL: cloud.endpoint,
    GITHUB_REPOSITORY: 'octo/small',
    GITHUB_EVENT_NAME: 'workflow_dispatch',
    ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${(tokens.address() as AddressInfo).port}/token?v=1`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'runner-token',
  };
});

const step = (runId: string, reason: string, inputs: Record<string, string> = {}) => ({
  cwd,
  env: { ...env, GITHUB_RUN_ID: runId },
  with: { backend: 'aws', reason, 'role-to-assume': names.pullRequestRole.arn, ...inputs },
});

const executions = async (machine: 'evaluate' | 'promote' | 'release' = 'evaluate'): Promise<string[]> => {
  const { executions = [] } = await sfnClient().send(
    new ListExecutionsCommand({
      stateMachineArn: (machine === 'release' ? names.releaseMachine : names.machines[machine]).arn,
    }),
  );
  return executions.map(({ name, status }) => `${name} ${status}`).sort();
};

test("the role is assumed by the workflow's own token, and its keys are masked before anything else", async () => {
  const { code, log, outputs } = await action.main(step('100', 'fail'));
  expect(requests).toContainEqual({ audience: 'sts.amazonaws.com', authorization: 'Bearer runner-token' });
  expect(outputs).toMatchObject({ execution: '100-1', status: 'failed' });
  expect(code).toBe(1);
  expect(log).toMatch(/^::error::Failed in \w+: DataContractError: no target/m);
  const masked = [...log.matchAll(/^::add-mask::(.*)$/gm)].map(([, secret = '']) => secret);
  expect(masked.length).toBeGreaterThanOrEqual(3);
  const shown = log.replaceAll(/^::add-mask::.*$/gm, '');
  for (const secret of [...masked, 'secret-token', 'runner-token']) expect(shown).not.toContain(secret);
});

test('a role that trusts another subject says which one the job has', async () => {
  subject = 'repo:octo@1/small@2:environment:staging';
  const { code, log } = await action.main(step('99', 'good'));
  subject = 'repo:octo@1/small@2:pull_request';
  expect(code).toBe(1);
  expect(log).toMatch(
    /^::error::role arn:.*expected a role that trusts exactly "repo:octo@1\/small@2:environment:staging"/m,
  );
});

test('started again after a failure it is the next execution, with a link to it', async () => {
  const { log, outputs } = await action.main(step('100', 'fail'));
  expect(outputs.execution).toBe('100-2');
  expect(log).toContain(`execution 100-2: https://`);
});

test('a cancel stops the execution', async () => {
  const running = await action.begin(step('101', 'hold'));
  await running.said('execution 101-1');
  await running.said('Train');
  const { code, outputs } = await running.cancel();
  expect([code, outputs.status]).toEqual([1, 'cancelled']);
  expect(await executions()).toContain('101-1 ABORTED');
});

test('post stops what main had no time to stop', async () => {
  const running = await action.begin(step('102', 'hold'));
  await running.said('execution 102-1');
  await running.said('Train');
  running.process.kill('SIGKILL');
  const { state } = await running.finished;
  expect(await executions()).toContain('102-1 RUNNING');
  const { code, log } = await action.post({ ...step('102', 'hold'), state });
  expect([code, log]).toEqual([0, expect.stringContaining('Stopped execution 102-1.')]);
  expect(await executions()).toContain('102-1 ABORTED');
});

test('post only warns where it can do nothing', async () => {
  const open = { execution: '103-1', backend: 'aws', environment: 'none', config: 'mlops.yaml', role: null };
  const { code, log } = await action.post({ ...step('103', 'hold'), state: { open: JSON.stringify(open) } });
  expect([code, log]).toEqual([0, expect.stringMatching(/^::warning::.*environment/m)]);
});

test('wait: false starts the run on the machine that promotes, and goes on', async () => {
  const { code, outputs } = await action.main(step('104', 'hold', { wait: 'false', mode: 'promote' }));
  expect(code).toBe(0);
  expect(outputs).toMatchObject({ execution: '104-1', status: 'running', run: '' });
  expect(await executions('promote')).toContain('104-1 RUNNING');
  const { input = '' } = await sfnClient().send(
    new DescribeExecutionCommand({
      executionArn: `${names.machines.promote.arn.replace(':stateMachine:', ':execution:')}:104-1`,
    }),
  );
  expect(JSON.parse(input).request).toMatchObject({
    mode: 'promote',
    promote: true,
    trigger: { kind: 'dispatch' },
  });
});

/** A release's record, as the machine leaves it. */
async function recordRelease(execution: string): Promise<void> {
  const deployment = { project: 'small', environment: 'staging', account, region };
  const { ledger } = deployedContext(deployment, 'small');
  const state = {
    plan: { skipped: true, package: 'small/1', notes: ['small/1 is no longer the champion.'] },
  };
  await ledger.put<object>('release', execution, {
    release: execution,
    status: 'succeeded',
    request: { kind: 'release', package: 'small/1', trigger: { actor: null }, reason: 'good' },
    state,
  });
}

test('a release is an execution of its own machine, which a second start continues', async () => {
  await recordRelease('110-small-release-1');
  const release = () => action.main(step('110', 'good', { machine: 'release' }));
  for (const { code, outputs, summary } of [await release(), await release()]) {
    expect([code, outputs]).toMatchObject([
      0,
      { execution: '110-small-release-1', status: 'succeeded', package: 'small/1', release: '' },
    ]);
    expect(summary).toContain('Release left out');
  }
  expect(await executions('release')).toEqual(['110-small-release-1 SUCCEEDED']);
  // The machine takes no settings and no image from whoever starts it.
  const { input = '' } = await sfnClient().send(
    new DescribeExecutionCommand({
      executionArn: `${names.releaseMachine.arn.replace(':stateMachine:', ':execution:')}:110-small-release-1`,
    }),
  );
  expect(Object.keys((JSON.parse(input) as { request: object }).request).sort()).toEqual([
    'allow',
    'if_champion',
    'kind',
    'model',
    'package',
    'reason',
    'trigger',
  ]);
});

test('a release without a record has failed, whatever its execution says', async () => {
  const { code, log, outputs } = await action.main(step('111', 'good', { machine: 'release' }));
  expect([code, outputs.status]).toEqual([1, 'failed']);
  expect(log).toContain('the ledger has no record of what it released');
});

test('a cancel, or post after a kill, stops a release; one that nobody waits for goes on', async () => {
  const release = (id: string, inputs: Record<string, string> = {}) =>
    step(id, 'hold', { machine: 'release', ...inputs });
  const running = await action.begin(release('112'));
  await running.said('execution 112-small-release-1');
  expect((await running.cancel()).outputs.status).toBe('cancelled');
  const killed = await action.begin(release('113'));
  await killed.said('execution 113-small-release-1');
  killed.process.kill('SIGKILL');
  const { state } = await killed.finished;
  const { log } = await action.post({ ...release('113'), state });
  expect(log).toContain('Stopped execution 113-small-release-1.');
  const { code, outputs } = await action.main(release('114', { wait: 'false' }));
  expect([code, outputs]).toMatchObject([0, { execution: '114-small-release-1', status: 'running' }]);
  expect(await executions('release')).toEqual(
    expect.arrayContaining([
      '112-small-release-1 ABORTED',
      '113-small-release-1 ABORTED',
      '114-small-release-1 RUNNING',
    ]),
  );
});

test("a state machine that is none of the project's is refused", async () => {
  const { code, log } = await action.main(step('105', 'good', { 'state-machine': 'other-train-evaluate' }));
  expect(code).toBe(1);
  expect(log).toContain(
    `input state-machine: got "other-train-evaluate", expected one of ${names.machines.evaluate.name}`,
  );
});

test('credentials are made anew before they lapse, and not before that', async () => {
  let now = Date.now();
  const masked: string[] = [];
  const core = {
    getIDToken: async () => {
      const response = await fetch(env.ACTIONS_ID_TOKEN_REQUEST_URL ?? '');
      return ((await response.json()) as { value: string }).value;
    },
    setSecret: (secret: string) => {
      masked.push(secret);
    },
  };
  const credentials = assumedRole({
    role: names.pullRequestRole.arn,
    session: 'a/b 1',
    core,
    now: () => now,
  });
  const first = await credentials();
  now += 50 * 60_000;
  expect(await credentials()).toBe(first);
  now += 6 * 60_000;
  const second = await credentials();
  expect(second.accessKeyId).not.toBe(first.accessKeyId);
  expect(masked).toEqual(expect.arrayContaining([second.secretAccessKey, second.sessionToken]));
});
