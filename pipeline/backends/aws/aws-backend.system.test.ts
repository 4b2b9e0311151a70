import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { PutImageCommand } from '@aws-sdk/client-ecr';
import { DescribeTrainingJobCommand } from '@aws-sdk/client-sagemaker';
import { ListExecutionsCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import {
  cloudWatchLogsClient,
  dynamoDbClient,
  ecrClient,
  sageMakerClient,
  sfnClient,
} from '../../aws/clients.ts';
import { signedCall } from '../../aws/signed-call.ts';
import { parseConfig } from '../../config/load.ts';
import { hashContext } from '../../image/context.ts';
import type { Request } from '../../machines/request.ts';
import { imageTag, resourceNames } from '../../names.ts';
import { reportOf } from '../../run/account/report-of.ts';
import { runPipeline } from '../../run/start/run.ts';
import { championId, championKind } from '../../steps/context.ts';
import { lease } from '../../steps/train/lease.ts';
import { type RunRecord, runKind } from '../../steps/train/run-record.ts';
import type { Progress, RunResult } from '../backend.ts';
import { AwsBackend, openAwsBackend } from './aws-backend.ts';
import { account, region, startFakeCloud } from './fakecloud.fixture.ts';
import { DynamoDbLedger } from './state/dynamodb-ledger.ts';
import { createLedger, deployStandIn, imageManifest } from './state/stand-in.fixture.ts';

jest.setTimeout(60_000);
const cloud = await startFakeCloud(4613);
const deployment = { project: 'churn', environment: 'staging', account, region };
const names = resourceNames(deployment);
const folder = mkdtempSync(join(tmpdir(), 'mlops-aws-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  await cloud.reset();
  await deployStandIn(names);
});

const request = (reason: string, changes: Partial<Request> = {}): Request => ({
  model: 'churn',
  mode: 'evaluate',
  promote: false,
  trigger: { kind: 'manual', ref: null, commit: null, dirty: false, actor: null, reason },
  config: parseConfig('project: churn\nproblem: binary\ndata: { source: data.csv, target: y }\n'),
  seed: 0,
  images: { model: 'm@sha256:1', prepare: 'p@sha256:1' },
  data: { source: 'data.csv', uri: 's3://bucket/data/', version: '1' },
  script: null,
  code: 's3://bucket/code.json',
  baseline: null,
  notes: [],
  ...changes,
});

/** What the stack sets for a function. */
function functionEnvironment(): void {
  Object.assign(process.env, {
    MLOPS_PROJECT: deployment.project,
    MLOPS_BUCKET: names.artifactsBucket,
    MLOPS_LEDGER: names.ledgerTable,
    MLOPS_STACK: names.stack,
    MLOPS_JOB_PREFIX: names.jobPrefix,
    MLOPS_TOPIC: names.notificationTopicArn,
  });
}

const open = (runId: string | null) =>
  new AwsBackend({ deployment, model: 'churn', runId, onNote: () => {} });
const never = new AbortController().signal;

async function run(
  backend: AwsBackend,
  wanted: Request,
  signal = never,
  onProgress: (progress: Progress) => void = () => {},
): Promise<RunResult & { execution: string }> {
  const execution = await backend.executionName(wanted);
  return { execution, ...(await backend.run(wanted, { execution, signal, onProgress })) };
}

const executions = async (): Promise<string[]> => {
  const { executions = [] } = await sfnClient().send(
    new ListExecutionsCommand({ stateMachineArn: names.machines.evaluate.arn }),
  );
  return executions.map(({ name = '' }) => name).sort();
};

test('RUNID-N: a success is returned again, a failure makes the next number', async () => {
  expect(await run(open('77'), request('fail'))).toEqual({
    execution: '77-1',
    status: 'failed',
    steps: [],
    error: { name: 'DataContractError', cause: 'no target' },
  });
  expect(await run(open('77'), request('fail'))).toMatchObject({ execution: '77-2', status: 'failed' });
  expect(await run(open('78'), request('good'))).toMatchObject({ execution: '78-1', status: 'succeeded' });
  expect(await run(open('78'), request('good'))).toMatchObject({ execution: '78-1', status: 'succeeded' });
  expect(await executions()).toEqual(['77-1', '77-2', '78-1']);
});

test('another input of the same workflow run is another execution, and a baseline has its own name', async () => {
  await run(open('79'), request('good'));
  const other = request('good', { seed: 1 });
  expect((await run(open('79'), other)).execution).toBe('79-2');
  expect((await run(open('79'), other)).execution).toBe('79-2');
  const baseline = request('good', { trigger: { ...other.trigger, kind: 'baseline' } });
  expect((await run(open('79'), baseline)).execution).toBe('79-baseline-1');
});

test('two models of one environment have executions, records, champions and leases apart', async () => {
  const [alpha, beta] = ['alpha', 'beta'].map(
    (model) => new AwsBackend({ deployment, model, runId: '90', onNote: () => {} }),
  ) as [AwsBackend, AwsBackend];
  const executionOf = async (backend: AwsBackend, model: string) =>
    (await run(backend, request('good', { model }))).execution;
  expect([await executionOf(alpha, 'alpha'), await executionOf(beta, 'beta')]).toEqual([
    '90-alpha-1',
    '90-beta-1',
  ]);
  await alpha.context.ledger.put(championKind, championId, { package: 'churn--staging--alpha/1' });
  expect(await beta.context.ledger.get(championKind, championId)).toBeNull();
  expect(await beta.context.ledger.list(championKind)).toEqual([]);
  await lease({ execution: '90-alpha-1' }, alpha.context);
  expect(await lease({ execution: '90-beta-1' }, beta.context)).toEqual({ fence: 1 });
});

test('a ledger whose keys name no model is refused with what to do, never read', async () => {
  const old = { ...deployment, environment: 'old' };
  await createLedger(resourceNames(old).ledgerTable);
  const table = new DynamoDbLedger(dynamoDbClient(region), resourceNames(old).ledgerTable);
  await table.put(championKind, championId, { package: 'churn--old/7' });
  await expect(
    openAwsBackend({ deployment: old, model: 'churn', runId: null, onNote: () => {} }),
  ).rejects.toThrow(/keys name no model \(its champion is churn--old\/7\).*aws dynamodb delete-item/);
});

test('without a run id the input names the run; once the champion has moved the same input is judged again', async () => {
  const wanted = request('good', { seed: 2 });
  const first = await run(open(null), wanted);
  expect(first.execution).toMatch(/^[0-9a-f]{16}-1$/);
  const { ledger } = open(null).context;
  await ledger.put(runKind, first.execution, { state: { plan: { champion: { version: 0 } } } });
  expect((await run(open(null), wanted)).execution).toBe(first.execution);
  await ledger.put(championKind, championId, { package: 'churn--staging/1' });
  expect((await run(open(null), wanted)).execution).toBe(first.execution.replace(/1$/, '2'));
});

test('a second follower attaches to what runs; stopping stops the execution and its jobs', async () => {
  const wanted = request('hold');
  const abort = new AbortController();
  const told: Progress[] = [];
  const following = run(open('80'), wanted, abort.signal, (progress) => told.push(progress));
  while (!told.some(({ kind }) => kind === 'succeeded')) await delay(50);
  expect(await open('80').executionName(wanted)).toBe('80-1');
  const attached: Progress[] = [];
  const second = run(open('80'), wanted, abort.signal, (progress) => attached.push(progress));
  while (!attached.some(({ kind }) => kind === 'succeeded')) await delay(50);
  abort.abort();
  expect(await following).toMatchObject({ execution: '80-1', status: 'cancelled' });
  expect(await second).toMatchObject({ execution: '80-1', status: 'cancelled' });
  const { TrainingJobStatus } = await sageMakerClient().send(
    new DescribeTrainingJobCommand({ TrainingJobName: '80-1-train' }),
  );
  expect(['Stopping', 'Stopped']).toContain(TrainingJobStatus);
  // Stopped, it is not gone on with.
  expect(await open('80').executionName(wanted)).toBe('80-2');
});

test('close-run closes an execution that the console aborted: jobs, ledger, lease', async () => {
  functionEnvironment();
  const { handler } = await import('./functions/close-run.ts');
  const backend = open('81');
  const told: Progress[] = [];
  const wanted = request('hold', { promote: true, mode: 'promote' });
  const abort = new AbortController();
  const following = run(backend, wanted, abort.signal, (progress) => told.push(progress));
  while (!told.some(({ kind }) => kind === 'succeeded')) await delay(50);
  await lease({ execution: '81-1' }, backend.context);

  const executionArn = `${names.machines.promote.arn.replace(':stateMachine:', ':execution:')}:81-1`;
  await sfnClient().send(new StopExecutionCommand({ executionArn, error: 'Console', cause: 'not today' }));
  const invocation = { invokedFunctionArn: names.functions['close-run'].arn };
  expect(await handler({ detail: { executionArn } }, invocation)).toEqual({ status: 'cancelled' });
  expect(await handler({ detail: { executionArn } }, invocation)).toEqual({ status: 'cancelled' });

  // The emulator's history does not tell of the abort.
  abort.abort();
  expect(await following).toMatchObject({ status: 'cancelled' });
  expect(await backend.context.ledger.get(runKind, '81-1')).toMatchObject({
    version: 1,
    value: { status: 'cancelled', state: { request: { mode: 'promote' }, error: { Cause: 'not today' } } },
  });
  const { TrainingJobStatus } = await sageMakerClient().send(
    new DescribeTrainingJobCommand({ TrainingJobName: '81-1-train' }),
  );
  expect(['Stopping', 'Stopped']).toContain(TrainingJobStatus);
  expect(await lease({ execution: 'next' }, backend.context)).toEqual({ fence: expect.any(Number) });
});

test('the record of a run that nobody followed has its steps and notes, and a report; a failed job its log', async () => {
  functionEnvironment();
  const { handler } = await import('./functions/record.ts');
  const backend = open('83');
  const told: Progress[] = [];
  const abort = new AbortController();
  const following = run(backend, request('hold'), abort.signal, (progress) => told.push(progress));
  while (!told.some(({ kind }) => kind === 'succeeded')) await delay(50);

  const TrainingJobName = `${names.jobPrefix}-1a-train-1`;
  const logs = await cloudWatchLogsClient(region);
  const stream = {
    logGroupName: '/aws/sagemaker/TrainingJobs',
    logStreamName: `${TrainingJobName}/algo-1-1`,
  };
  await logs.send(new CreateLogGroupCommand(stream));
  await logs.send(new CreateLogStreamCommand(stream));
  const logEvents = [{ timestamp: Date.now(), message: "KeyError: 'age'\n" }];
  await logs.send(new PutLogEventsCommand({ ...stream, logEvents }));

  const Cause = JSON.stringify({ TrainingJobName, FailureReason: 'AlgorithmError: , exit code: 1' });
  await handler(
    {
      model_name: 'churn',
      execution: '83-1',
      arn: `${names.machines.evaluate.arn.replace(':stateMachine:', ':execution:')}:83-1`,
      started: '2026-01-01T00:00:00Z',
      status: 'failed',
      state: {
        request: request('hold', { notes: ['Compared with the baseline main.'] }),
        failed_step: 'Train',
        error: { Error: 'States.TaskFailed', Cause },
      },
    },
    { invokedFunctionArn: names.functions.record.arn },
  );
  abort.abort();
  await following;
  const record = (await backend.context.ledger.get<RunRecord>(runKind, '83-1'))?.value as RunRecord;
  expect(record).toMatchObject({
    steps: [{ name: 'Train', seconds: expect.any(Number) }],
    notes: ['Compared with the baseline main.'],
  });
  expect(await reportOf(record, backend)).toMatchObject({
    backend: 'aws',
    failure: { step: 'Train', cause: "KeyError: 'age', exit code: 1", log: ["KeyError: 'age'"] },
    steps: [{ name: 'Train' }],
    notes: ['Compared with the baseline main.'],
  });
});

test('a hold on main is told to the topic, once, and a topic that is not there fails nothing', async () => {
  functionEnvironment();
  const { handler } = await import('./functions/record.ts');
  const event = (execution: string) => ({
    model_name: 'churn',
    execution,
    arn: `${names.machines.promote.arn.replace(':stateMachine:', ':execution:')}:${execution}`,
    started: '2026-01-01T00:00:00Z',
    status: 'succeeded' as const,
    state: {
      request: request('hold', { mode: 'promote', promote: true }),
      gate: { outcome: 'hold', reason: 'Inconclusive.', verdict: '', evidence: '', promotable: false },
    },
  });
  const invocation = { invokedFunctionArn: names.functions.record.arn };
  expect(await handler(event('84-1'), invocation)).toEqual({ status: 'succeeded' });
  await signedCall({
    service: 'sns',
    region,
    action: 'CreateTopic',
    parameters: { Name: names.notificationTopic },
  });
  await handler(event('85-1'), invocation);
  await handler(event('85-1'), invocation);
  const answer = await fetch(`${cloud.endpoint}/_fakecloud/sns/messages`);
  const { messages } = (await answer.json()) as { messages: object[] };
  expect(messages).toEqual([
    expect.objectContaining({
      topicArn: names.notificationTopicArn,
      subject: 'churn--staging: churn held: a person decides',
      message: expect.stringContaining('https://us-east-1.console.aws.amazon.com/states/'),
    }),
  ]);
});

test('a run that nobody recorded has a record and a report all the same, and the ledger is left alone', async () => {
  const backend = open('82');
  const outcome = await runPipeline(request('fail'), {
    backend,
    signal: never,
    onProgress: () => {},
  });
  expect(outcome.record).toMatchObject({ execution: '82-1', status: 'failed' });
  expect(outcome.report.failure).toMatchObject({ error: 'DataContractError', cause: 'no target' });
  expect(await backend.context.ledger.get(runKind, '82-1')).toBeNull();
});

test('stages by content: what is there is not written again, and nobody can replace it', async () => {
  const backend = open(null);
  const prefix = `${names.root}/data/1/`;
  writeFileSync(join(folder, 'data.csv'), 'first');
  await backend.stage([{ path: join(folder, 'data.csv'), name: 'data.csv' }], prefix);
  const before = await backend.context.storage.list(prefix);
  writeFileSync(join(folder, 'data.csv'), 'second');
  await backend.stage([{ path: join(folder, 'data.csv'), name: 'data.csv' }], prefix);
  await backend.stage([{ text: 'third', name: 'data.csv' }], prefix);
  expect(await backend.context.storage.list(prefix)).toEqual(before);
  expect(new TextDecoder().decode(await backend.context.storage.read(`${prefix}data.csv`))).toBe('first');
});

test('an image is found by its content, among the released first, and one that was not pushed says so', async () => {
  const context = mkdtempSync(join(folder, 'image-'));
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\n');
  const backend = open(null);
  await expect(backend.images({ context, image: null })).rejects.toThrow('run `mlops image push`');
  const push = async (image: 'model' | 'prepare', from: string, repositoryName: string) => {
    const { digest, files } = await hashContext(from);
    await ecrClient().send(
      new PutImageCommand({
        repositoryName,
        imageManifest: imageManifest(repositoryName),
        imageTag: imageTag(image, digest.slice('sha256:'.length)),
      }),
    );
    return files;
  };
  const prepareContext = new URL('../../prepare', import.meta.url).pathname;
  await push('prepare', prepareContext, names.releaseRepository);
  const files = await push('model', context, names.candidateRepository);
  const found = await backend.images({ context, image: null });
  expect(found.model).toMatch(
    new RegExp(`^${names.registryHost}/churn/staging/candidate@sha256:[0-9a-f]{64}$`),
  );
  expect(found.prepare).toMatch(new RegExp(`^${names.registryHost}/churn/staging/release@sha256:`));
  expect(found.code).toEqual(files);
  await push('model', context, names.releaseRepository);
  expect((await backend.images({ context, image: null })).model).toContain('/release@sha256:');
});

test('a model image by tag is refused', async () => {
  await expect(open(null).images({ context: null, image: 'repository/image:latest' })).rejects.toThrow(
    /expected a URI by digest|mlops image push/,
  );
});

test('another account and an environment that is not deployed end in what to do', async () => {
  const wrong = { ...deployment, account: '999999999999' };
  await expect(
    openAwsBackend({ deployment: wrong, model: 'churn', runId: null, onNote: () => {} }),
  ).rejects.toThrow(`got credentials of account ${account}`);
  const nowhere = { ...deployment, environment: 'nowhere' };
  await expect(
    openAwsBackend({ deployment: nowhere, model: 'churn', runId: null, onNote: () => {} }),
  ).rejects.toThrow('got no table churn--nowhere--ledger, expected a deployed environment');
  const missing = new AwsBackend({
    deployment: { ...deployment, environment: 'nowhere' },
    model: 'churn',
    runId: '1',
    onNote: () => {},
  });
  await expect(run(missing, request('good'))).rejects.toMatchObject({
    name: 'SetupError',
    message: expect.stringContaining('npm run deploy -- --environment nowhere'),
  });
  await expect(missing.context.ledger.list(runKind)).rejects.toThrow('expected a deployed environment');
  await expect(missing.stage([{ text: 'x', name: 'x' }], `${missing.context.root}/`)).rejects.toThrow(
    'expected a deployed environment',
  );
});
