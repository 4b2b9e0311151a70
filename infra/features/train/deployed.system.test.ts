import { appendFileSync, readdirSync } from 'node:fs';
import { DeleteBucketPolicyCommand } from '@aws-sdk/client-s3';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { s3Client, stsClient } from '../../../pipeline/aws/clients.ts';
import { signedCall } from '../../../pipeline/aws/signed-call.ts';
import { AwsBackend } from '../../../pipeline/backends/aws/aws-backend.ts';
import { deployedContext } from '../../../pipeline/backends/aws/deployed-context.ts';
import { account, region, startFakeCloud } from '../../../pipeline/backends/aws/fakecloud.fixture.ts';
import { startMoto } from '../../../pipeline/backends/aws/moto.fixture.ts';
import type { Progress } from '../../../pipeline/backends/backend.ts';
import type { ExecutionEvent } from '../../../pipeline/backends/embedded/engine/execution.ts';
import { FileLedger } from '../../../pipeline/backends/embedded/state/file-ledger.ts';
import { FileStorage } from '../../../pipeline/backends/embedded/state/file-storage.ts';
import { openPromotion } from '../../../pipeline/backends/open.ts';
import { Workspace } from '../../../pipeline/cli/cli.fixture.ts';
import { sha256 } from '../../../pipeline/hash.ts';
import { startDocker } from '../../../pipeline/image/docker.fixture.ts';
import type { ReleaseRequest } from '../../../pipeline/machines/release-request.ts';
import type { Request } from '../../../pipeline/machines/request.ts';
import { ModelLedger } from '../../../pipeline/model-ledger.ts';
import { type FunctionName, packageGroup, resourceNames } from '../../../pipeline/names.ts';
import type { ObjectVersion } from '../../../pipeline/ports.ts';
import { type Champion, championId, championKind } from '../../../pipeline/steps/context.ts';
import {
  type CurrentHistory,
  findingKind,
  type LookRecord,
  monitoringKind,
} from '../../../pipeline/steps/monitor/records.ts';
import { inputsFolder, pointerUri, predictionsFolder } from '../../../pipeline/steps/release/artifacts.ts';
import { type Landed, landedKind } from '../../../pipeline/steps/release/landed.ts';
import {
  currentId,
  type Deployed as DeployedLast,
  deployedKind,
  type Pointer,
  pointerKind,
} from '../../../pipeline/steps/release/records.ts';
import { type ReleaseRecord, releaseKind } from '../../../pipeline/steps/release/release-record.ts';
import type { ReleasePlan } from '../../../pipeline/steps/release/state.ts';
import { dataVersion } from '../../../pipeline/steps/train/inputs.ts';
import type { KeepEvent } from '../../../pipeline/steps/train/keep.ts';
import { currentLease, freeLease } from '../../../pipeline/steps/train/lease.ts';
import { type RunRecord, runKind } from '../../../pipeline/steps/train/run-record.ts';
import { runProgram } from '../../cli/run-program.fixture.ts';
import { bridgeAddress, prepareFunctions, removeFunctions } from './function-image.fixture.ts';

/**
 * What the real CDK command line has deployed to an emulator, at work: the functions as they were bundled and deployed, in
 * Docker, with their own settings, do what the same steps did in runs on this machine.
 */
jest.setTimeout(120_000);

// Before the daemon's own end, where it is the tests' own.
afterAll(removeFunctions);
await startDocker();
const address = bridgeAddress();
// fakecloud does not number model packages; moto does, and has the registry here.
const { endpoint: registry } = await startMoto(4623, address);
const setVariables = prepareFunctions({
  AWS_ENDPOINT_URL: `http://${address}:4622`,
  AWS_ENDPOINT_URL_SAGEMAKER: registry,
});
// Whoever is not the account itself may do what its policies say, conditions included.
process.env.FAKECLOUD_IAM = 'strict';
const cloud = await startFakeCloud(4622, address);
process.env.AWS_ENDPOINT_URL_SAGEMAKER = registry;

type Deployed = Exclude<FunctionName, 'predict'>;

const deployment = { project: 'attrition', environment: 'staging', account, region };
const names = resourceNames(deployment);
const model = 'attrition';
const group = packageGroup(names.stack, model);
const deployed = deployedContext(deployment, model);
const functionNames = (Object.keys(names.functions) as FunctionName[]).filter(
  // This project has no endpoint.
  (name): name is Deployed => name !== 'predict',
);
const workspace = Workspace.sample();

const iam = (action: string, parameters: Record<string, string>) =>
  signedCall<Record<string, string>>({ service: 'iam', region, action, parameters });
const policy = (statement: object): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });

async function program(name: string, ...args: string[]): Promise<void> {
  const { code, output } = await runProgram(name, workspace.path('mlops.yaml'), ...args);
  if (code !== 0) throw new Error(output);
}

/** Every bucket's policy asks for TLS, which the emulator has not. */
const allowHttp = (Bucket: string) => s3Client().send(new DeleteBucketPolicyCommand({ Bucket }));

async function deploy(): Promise<void> {
  await program('bootstrap.ts', '--subject-prefix', 'repo:octo@1/attrition@2');
  await allowHttp(`cdk-${names.qualifier}-assets-${account}-${region}`);
  await program('cdk.ts', 'deploy');
  await allowHttp(names.artifactsBucket);
}

/** Where the emulator asks for the name of the call, and IAM's action has another. */
const calls: Record<string, string[]> = {
  's3:ListBucket': ['s3:ListObjectsV2'],
  's3:GetObject': ['s3:HeadObject'],
  's3:ListBucketVersions': ['s3:ListObjectVersions'],
  's3:PutObject': ['s3:CopyObject'],
};

/** Credentials of a function's role; a role that trusts Lambda alone is made to trust the account, too. */
const credentialsOf = (name: Deployed) => credentialsOfRole(names.functions[name].name);

async function credentialsOfRole(RoleName: string): Promise<Record<string, string>> {
  const RoleArn = `arn:aws:iam::${account}:role/${RoleName}`;
  const PolicyName = 'needs';
  await iam('UpdateAssumeRolePolicy', {
    RoleName,
    PolicyDocument: policy({ Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'sts:AssumeRole' }),
  });
  const { PolicyDocument = '' } = await iam('GetRolePolicy', { RoleName, PolicyName });
  const document = JSON.parse(decodeURIComponent(PolicyDocument));
  for (const statement of document.Statement) {
    // The emulator knows the prefix of a listing, but not of a listing of versions.
    if ([statement.Action].flat().includes('s3:ListBucketVersions')) delete statement.Condition;
    statement.Action = [statement.Action].flat().flatMap((action) => [action, ...(calls[action] ?? [])]);
  }
  await iam('PutRolePolicy', { RoleName, PolicyName, PolicyDocument: JSON.stringify(document) });
  const { Credentials } = await stsClient().send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'test' }));
  return {
    AWS_ACCESS_KEY_ID: Credentials?.AccessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: Credentials?.SecretAccessKey ?? '',
    AWS_SESSION_TOKEN: Credentials?.SessionToken ?? '',
  };
}

/** The runs on this machine: the first champion, then another model that is compared with it. */
async function run(): Promise<void> {
  for (const settings of [[], ['--set', 'training.hyperparameters.C=0.1']]) {
    const { code, stderr } = await workspace.mlops(
      ...['run', '--mode', 'promote', '--no-release', '--set', 'tuning=off', ...settings],
    );
    if (code !== 0) throw new Error(stderr);
  }
}

let embedded: { storage: FileStorage; ledger: ModelLedger };
beforeAll(async () => {
  appendFileSync(
    workspace.path('mlops.yaml'),
    `\nenvironments: { staging: { account: "${account}", region: ${region} } }\n`,
  );
  await Promise.all([deploy(), run()]);
  for (const name of functionNames) setVariables(names.functions[name].name, await credentialsOf(name));
  embedded = {
    storage: new FileStorage(workspace.path('.mlops/s3')),
    ledger: new ModelLedger(new FileLedger(workspace.path('.mlops/ledger/attrition')), model),
  };
});

/** A function's answer; throws its error by its name. */
async function invoke(name: Deployed, event: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(
    `${cloud.endpoint}/2015-03-31/functions/${names.functions[name].name}/invocations`,
    {
      method: 'POST',
      // The emulator tells services apart by what a call is signed for.
      headers: { authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/lambda/aws4_request` },
      body: JSON.stringify(event),
    },
  );
  const answer = (await response.json()) as Record<string, unknown> & {
    errorType?: string;
    errorMessage?: string;
  };
  if (response.ok && !response.headers.has('x-amz-function-error')) return answer;
  throw Object.assign(new Error(answer.errorMessage ?? JSON.stringify(answer)), { name: answer.errorType });
}

/** `s3://BUCKET/PROJECT` of the runs on this machine. */
const embeddedRoot = 's3://mlops/attrition';
/** Packages of the embedded registry by name, and their names in the deployed one. */
const packages = new Map<string, string>();

/** Versions of the deployed environment's objects by their URIs. A file's version is its hash. */
const versions = new Map<string, string>();

/** What a run on this machine said, by the names of the deployed environment. */
function translated<T>(value: T): T {
  let text = JSON.stringify(value)
    .replaceAll(embeddedRoot, names.root)
    .replaceAll('"bucket":"mlops"', `"bucket":"${names.artifactsBucket}"`)
    .replaceAll(/\battrition-([0-9a-f]{8})\b/g, `${names.jobPrefix}-$1`);
  for (const [from, to] of packages) text = text.replaceAll(`"${from}"`, `"${to}"`);
  return JSON.parse(text, (_key, inner) =>
    inner?.sha256 !== undefined && versions.has(inner.uri)
      ? { ...inner, version: versions.get(inner.uri) }
      : inner,
  ) as T;
}

const executions = () => readdirSync(workspace.path('.mlops/runs')).sort();
const eventsOf = (execution: string) =>
  workspace
    .read('.mlops/runs', execution, 'events.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ExecutionEvent);

/** The folders that functions write. */
const written = ['settings', 'runs', 'holdouts', 'configs', 'packages', 'prepared', 'models', 'scores'];
const isWritten = (uri: string) => written.includes(uri.slice(embeddedRoot.length + 1).split('/')[0] ?? '');

/** Writes what a job wrote to the place where it did: on this machine, keep has moved it. */
async function writeAsJob(event: KeepEvent, objects: readonly ObjectVersion[]): Promise<void> {
  const from = event.kind === 'model' ? event.item.trained.artifact.replace(/[^/]*$/, '') : event.item.output;
  for (const { uri } of objects)
    await deployed.storage.write(
      translated(from + uri.slice(event.to.length)),
      await embedded.storage.read(uri),
    );
}

test('the deployed functions answer as the steps did on this machine', async () => {
  for (const { uri } of await embedded.storage.list(`${embeddedRoot}/`))
    if (!isWritten(uri)) await deployed.storage.write(translated(uri), await embedded.storage.read(uri));

  const asked = new Set<string>();
  for (const events of executions().map(eventsOf)) {
    for (const [index, { type, state, resource = '', parameters }] of events.entries()) {
      if (type !== 'TaskStarted') continue;
      if (!resource.endsWith('lambda:invoke')) continue;
      const { FunctionName, Payload } = parameters as { FunctionName: string; Payload: unknown };
      const name = FunctionName.slice(FunctionName.lastIndexOf(':') + 1) as Deployed;
      const end = events
        .slice(index)
        .find((event) => event.type === 'TaskSucceeded' && event.state === state);
      const expected = (end as { result: { Payload: Record<string, unknown> } }).result.Payload;
      if (name === 'keep') await writeAsJob(Payload as KeepEvent, expected.objects as ObjectVersion[]);
      const answer = await invoke(name, translated(Payload));
      if (name === 'keep') {
        // Versioned objects have version ids, not hashes.
        for (const { uri, version } of (answer as { objects: ObjectVersion[] }).objects) {
          expect(version).not.toMatch(/^([0-9a-f]{64}|null)$/);
          versions.set(uri, version);
        }
      }
      if (name === 'register') packages.set(String(expected.name), String(answer.name));
      // Only what AWS costs is estimated.
      const cost = { cost: expect.objectContaining({ region, usd: expect.any(Number) }) };
      // The images of this machine are in no repository of the environment, which cannot hold them.
      const notes = { notes: expect.arrayContaining([expect.stringContaining('outside this environment')]) };
      // The machine needs of the record its status only, and the function answers no more.
      const wanted = name === 'record' ? { status: expected.status } : translated(expected);
      const differs = name === 'plan' ? cost : name === 'register' ? notes : {};
      expect({ name, answer }).toEqual({ name, answer: { ...wanted, ...differs } });
      asked.add(name);
    }
  }
  expect(asked.size).toBe(8);
});

test('they wrote what the steps wrote: verdicts, rows, settings, packages', async () => {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  let compared = 0;
  for (const { uri } of (await embedded.storage.list(`${embeddedRoot}/`)).filter(({ uri }) =>
    isWritten(uri),
  )) {
    const expected = text(await embedded.storage.read(uri));
    const found = text(await deployed.storage.read(translated(uri)));
    if (uri.endsWith('.json'))
      expect({ uri, value: JSON.parse(found) }).toEqual({ uri, value: translated(JSON.parse(expected)) });
    else expect({ uri, found }).toEqual({ uri, found: expected });
    compared++;
  }
  expect(compared).toBeGreaterThan(8);
});

test('the champion has moved as it did here, and the lease is free', async () => {
  const [here, there] = await Promise.all(
    [embedded, deployed].map(({ ledger }) => ledger.get<Champion>(championKind, championId)),
  );
  expect(there).toEqual({
    ...translated(here),
    value: { ...translated(here?.value), at: expect.any(String) },
  });
  expect(there?.version).toBe(2);
  expect((await currentLease(deployed))?.value.execution).toBeNull();
  expect((await deployed.registry.list()).map(({ status }) => status)).toEqual(['Approved', 'Approved']);
});

const requestOf = (execution: string) =>
  translated((eventsOf(execution)[0] as { parameters: { request: Request } }).parameters.request);

const backendOf = (runId: string) => new AwsBackend({ deployment, model, runId, onNote: () => {} });

/** Runs on the deployed environment; stopped where it has to wait for the lease. */
async function runOnAws(runId: string, request: Request) {
  const backend = backendOf(runId);
  const execution = await backend.executionName(request);
  const abort = new AbortController();
  const told: Progress[] = [];
  const onProgress = (progress: Progress) => {
    told.push(progress);
    if (progress.kind === 'waiting') abort.abort();
  };
  const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(25_000)]);
  const result = await backend.run(request, { execution, signal, onProgress });
  const record = (await deployed.ledger.get<RunRecord>(runKind, execution))?.value;
  return { execution, ...result, told, record };
}

test('another model of the same stack has a lease, a champion, looks and packages of its own', async () => {
  const events = executions().flatMap(eventsOf);
  const payloadOf = (name: Deployed) => {
    const called = events.find(
      ({ type, parameters }) =>
        type === 'TaskStarted' &&
        (parameters as { FunctionName?: string }).FunctionName?.endsWith(`function:${name}`),
    );
    if (called === undefined) throw new Error(`${name} was not called`);
    return translated((called.parameters as { Payload: { request: Request } }).Payload);
  };
  // Its inputs are staged in a folder of its own.
  const inputs = (of: string) => `${names.root}/inputs-promote/${of}/`;
  for (const { uri } of await deployed.storage.list(inputs(model)))
    await deployed.storage.write(
      uri.replace(inputs(model), inputs('beta')),
      await deployed.storage.read(uri),
    );
  const asBeta = <T extends { request: Request }>(payload: T) => {
    const request = JSON.parse(JSON.stringify(payload.request).replaceAll(inputs(model), inputs('beta')));
    return {
      ...payload,
      model_name: 'beta',
      request: { ...request, model: 'beta', config: { ...request.config, name: 'beta' } },
    };
  };
  await invoke('lease', { model_name: model, execution: 'alpha-runs' });
  expect(await invoke('lease', { model_name: 'beta', execution: 'beta-runs' })).toMatchObject({ fence: 1 });
  // The same rows and settings as the first model's: what it has made is not reused, nor is it compared with.
  const planned = await invoke('plan', asBeta(payloadOf('plan')));
  expect(planned).toMatchObject({
    champion: { package: null, version: 0 },
    prepare: { reused: false },
    train: { reused: false },
  });
  // The group of its packages is made with the first of them.
  const registered = await invoke('register', asBeta(payloadOf('register')));
  expect(registered).toMatchObject({ name: `${packageGroup(names.stack, 'beta')}/1` });
  await invoke('promote', {
    model_name: 'beta',
    execution: 'beta-runs',
    package: registered.name,
    compared_with: null,
    expected_version: 0,
    fence: 1,
    reason: 'a test',
  });
  const beta = deployedContext(deployment, 'beta');
  expect((await beta.ledger.get<Champion>(championKind, championId))?.value.package).toBe(registered.name);
  expect(await beta.ledger.list(runKind)).toEqual([]);
  expect((await deployed.ledger.get<Champion>(championKind, championId))?.version).toBe(2);
  expect(await beta.registry.get(`${group}/1`)).toBeNull();
  await freeLease({ execution: 'alpha-runs' }, deployed);
});

test('a run whose jobs are all reused goes through the deployed machine to its end', async () => {
  const second = executions()[1] ?? '';
  const { record, ...run } = await runOnAws('90', requestOf(second));
  expect(run).toMatchObject({ execution: '90-1', status: 'succeeded', error: null });
  expect(run.steps.map(({ name }) => name)).toEqual(['Plan', 'Inspect', 'Gate', 'Register', 'Promote']);
  // The verdict of the run on this machine, the package that it registered, and a champion that it is already.
  const [here, there] = await Promise.all(
    [`${names.root}/runs/${model}/${second}/verdict.json`, record?.state.gate?.verdict ?? ''].map((uri) =>
      deployed.storage.read(uri),
    ),
  );
  const { metrics, outcome } = JSON.parse(new TextDecoder().decode(there));
  expect(JSON.parse(new TextDecoder().decode(here))).toMatchObject({ metrics, outcome });
  expect(record?.state.package).toMatchObject({ name: `${group}/2` });
  expect(record?.state.promotion).toEqual({ promoted: false, version: 2, refused: null });
  expect((await currentLease(deployed))?.value.execution).toBeNull();
});

test('the same input goes on with its execution, another input has the next number', async () => {
  const request = requestOf(executions()[1] ?? '');
  expect((await runOnAws('90', request)).execution).toBe('90-1');
  expect(await backendOf('90').executionName({ ...request, seed: 5 })).toBe('90-2');
});

test('a run that needs a job goes as far as the emulator: it is recorded as failed, and the next is another', async () => {
  const request = { ...requestOf(executions()[1] ?? ''), seed: 5 };
  const { record, ...run } = await runOnAws('91', request);
  expect(run).toMatchObject({ execution: '91-1', status: 'failed' });
  expect(run.told.at(-1)).toMatchObject({ kind: 'failed', state: 'Train' });
  expect(record?.state).toMatchObject({
    failed_step: 'Train',
    error: { Cause: expect.stringContaining('`.sync` is not supported') },
    plan: { champion: { package: `${group}/2` }, train: { reused: false } },
  });
  expect((await currentLease(deployed))?.value.execution).toBeNull();
  expect(await backendOf('91').executionName(request)).toBe('91-2');
});

test('a run that waits for the lease is stopped; close-run records it and leaves the lease to whose it is', async () => {
  await invoke('lease', { model_name: model, execution: 'another' });
  const { execution, status, told } = await runOnAws('92', requestOf(executions()[1] ?? ''));
  expect({ execution, status }).toEqual({ execution: '92-1', status: 'cancelled' });
  expect(told).toMatchObject([{ kind: 'waiting', reason: expect.stringContaining('another') }]);
  // The emulator sends no event when an execution ends: the rule is asserted on the template.
  const executionArn = `${names.machines.promote.arn.replace(':stateMachine:', ':execution:')}:${execution}`;
  expect(await invoke('close-run', { detail: { executionArn } })).toEqual({ status: 'cancelled' });
  const { ledger } = deployed;
  expect((await ledger.get<RunRecord>(runKind, execution))?.value.status).toBe('cancelled');
  expect((await currentLease(deployed))?.value.execution).toBe('another');
  await freeLease({ execution: 'another' }, deployed);
});

test('a look with nothing to read goes through the deployed machine to its end, and says that it cannot tell', async () => {
  const trigger = { ...requestOf(executions()[1] ?? '').trigger, kind: 'schedule' as const };
  const request = { model, at: null, retrain: true, trigger };
  const backend = backendOf('93');
  const execution = await backend.executionName(request);
  expect(execution).toBe(`93-${model}-monitor-1`);
  const signal = AbortSignal.timeout(40_000);
  const { status, error } = await backend.look(request, { execution, signal, onProgress: () => {} });
  expect({ status, error }).toEqual({ status: 'succeeded', error: null });
  const { ledger, storage } = deployed;
  const record = (await ledger.get<LookRecord>(findingKind, execution))?.value;
  // Nothing was released here, so there is nothing to look at.
  expect(record).toMatchObject({
    finding: 'cannot tell',
    superseded: false,
    retrain: { wanted: false },
    state: { page: { uri: expect.stringContaining('/looks/') } },
  });
  expect(await storage.exists(record?.state.page?.uri ?? '')).toBe(true);
  expect((await ledger.get<CurrentHistory>(monitoringKind, currentId))?.value.execution).toBe(execution);
  // The emulator sends no event when an execution ends: the rule is asserted on the template.
  const arn = `${names.monitorMachine.arn.replace(':stateMachine:', ':execution:')}:${execution}`;
  expect(await invoke('landed', { what: 'looked', arn })).toEqual({
    said: expect.stringContaining('; nothing starts'),
  });
  expect(await invoke('landed', { what: 'heartbeat', model })).toEqual({
    said: expect.stringMatching(/the last look was 0\.\d hours ago, of at most 30\.0$/),
  });
});

test('the deploy role promotes by the function promote only: it may not write the champion itself', async () => {
  const config = { project: 'attrition', name: model, environments: { staging: { account, region } } };
  // Opened before, because the emulator asks for a permission to ask who one is, which AWS does not have.
  const promotion = await openPromotion(config as never, { backend: 'aws' }, '');
  const own = await credentialsOfRole(names.deployRole.name);
  const before = { ...process.env };
  Object.assign(process.env, own);
  const event = {
    execution: 'deploy',
    package: `${group}/999`,
    compared_with: null,
    expected_version: 0,
    fence: null,
    reason: 'approved',
  };
  try {
    // It was the function that looked for the package.
    await expect(promotion.promote(event)).rejects.toThrow(
      `package: got ${group}/999, expected one of the registry`,
    );
    await expect(promotion.context.ledger.put(championKind, championId, {})).rejects.toThrow(
      'not authorized to perform',
    );
  } finally {
    for (const key of Object.keys(own)) delete process.env[key];
    Object.assign(process.env, before);
  }
});

/** The plan of a release on this machine. */
async function releaseHere(packageName: string): Promise<ReleasePlan> {
  const { code, stdout, stderr } = await workspace.mlops('release', packageName, '--json');
  if (code !== 0) throw new Error(stderr);
  const record = await embedded.ledger.get<ReleaseRecord>(releaseKind, JSON.parse(stdout).execution);
  if (record?.value.state.plan === undefined) throw new Error(`${packageName}: no record of its release`);
  return record.value.state.plan;
}

/**
 * The emulator starts no SageMaker job for a state machine. Here the deployed functions plan a release and keep what its three
 * jobs wrote; the files are those that the same jobs wrote on this machine.
 */
async function deliverAsJobs(here: ReleasePlan, packageName: string, execution: string): Promise<number> {
  const called = { model_name: model, execution };
  const plan = (await invoke('plan-release', {
    ...called,
    ...{ arn: `arn:test:${execution}`, request: releaseOf('release', packageName) },
    ...{ mode: 'promote', engine: 'processing', program: null, demands: {} },
  })) as unknown as ReleasePlan;
  expect(plan).toMatchObject({ package: packageName, skipped: false, batch: { reused: false } });
  const now = new Date().toISOString();
  const keepAll = async (
    kind: 'rows' | 'answers' | 'predictions',
    job: 'lay_out' | 'transform' | 'deliver',
  ) => {
    const at = plan.batch[job];
    const output = `${at.written}-1/`;
    const from: [string, string][] =
      kind === 'predictions'
        ? [
            [`${here.batch.deliver.output.replace(/delivered\/$/, '')}summary/`, 'summary/'],
            [inputsFolder({ root: embeddedRoot, model }, releaseIn(here)), 'inputs/'],
            [predictionsFolder({ root: embeddedRoot, model }, releaseIn(here)), 'predictions/'],
          ]
        : [[here.batch[job].output, '']];
    for (const [folder, to] of from)
      for (const { uri } of await embedded.storage.list(folder))
        await deployed.storage.write(
          output + to + uri.slice(folder.length),
          await embedded.storage.read(uri),
        );
    const item = { job: `${at.job}-1`, output, started: now, ended: now, instance: 'ml.m5.large', count: 1 };
    return await invoke('keep-release', { ...called, kind, plan, at, item });
  };
  await keepAll('rows', 'lay_out');
  await keepAll('answers', 'transform');
  const { rows } = await keepAll('predictions', 'deliver');
  return Number(rows);
}

const releaseIn = ({ batch }: ReleasePlan): string =>
  /releases\/[^/]+\/([^/]+)\//.exec(batch.deliver.output)?.[1] ?? '';

const releaseOf = (kind: ReleaseRequest['kind'], packageName: string | null): ReleaseRequest => {
  const reason = `a ${kind} by a test`;
  const trigger = { kind: 'manual', ref: null, commit: null, dirty: false, actor: null, reason } as const;
  return { model, kind, package: packageName, if_champion: false, reason, trigger, allow: false };
};

/** Runs the deployed release machine to its end. */
async function releaseOnAws(kind: ReleaseRequest['kind'], runId: string) {
  const backend = backendOf(runId);
  const request = releaseOf(kind, null);
  const execution = await backend.executionName(request);
  const signal = AbortSignal.timeout(40_000);
  const result = await backend.release(request, { execution, signal, onProgress: () => {} });
  const record = (await deployed.ledger.get<ReleaseRecord>(releaseKind, execution))?.value;
  return { execution, ...result, record };
}

/** What readers see: the pointer's object, the ledger's item, and the partitions of the Glue table. */
async function seen() {
  const text = await deployed.storage.read(pointerUri(deployed));
  const { Partitions } = await signedCall<{
    Partitions: { Values: string[]; StorageDescriptor: { Location: string } }[];
  }>({
    service: 'glue',
    region,
    action: 'GetPartitions',
    parameters: { DatabaseName: names.catalog.database, TableName: names.catalog.predictions },
  });
  return {
    object: JSON.parse(new TextDecoder().decode(text)),
    item: (await deployed.ledger.get<Pointer>(pointerKind, currentId))?.value,
    partitions: new Map(
      Partitions.map(({ Values, StorageDescriptor }) => [Values.join('/'), StorageDescriptor.Location]),
    ),
  };
}

test('a release of the champion: prediction files, a partition, the pointer, a page; then back again', async () => {
  const first = await releaseHere('attrition/1');
  const second = await releaseHere('attrition/2');
  // No job can run, so what the release needs is there when the machine plans it.
  expect(await deliverAsJobs(first, `${group}/1`, 'jobs-1')).toBe(200);
  expect(await deliverAsJobs(second, `${group}/2`, 'jobs-2')).toBe(200);

  const released = await releaseOnAws('release', '93');
  expect(released).toMatchObject({ status: 'succeeded', error: null });
  expect(released.steps.map(({ name }) => name)).toEqual([
    ...['Take lease', 'Plan release', 'Add partition', 'Move pointer', 'Page'],
  ]);
  expect(released.record?.state).toMatchObject({
    plan: { package: `${group}/2` },
    delivered: { release: 'jobs-2', rows: 200 },
    pointed: { moved: true, release: 'jobs-2', previous: null },
    partition: { answer: { Errors: [] } },
  });
  expect(released.record?.state.page_error).toBeUndefined();
  const after = await seen();
  expect(after.object).toMatchObject({ model, release: 'jobs-2', package: `${group}/2`, mode: 'batch' });
  expect(after.item).toMatchObject({
    release: 'jobs-2',
    package: `${group}/2`,
    execution: released.execution,
  });
  // The partition's files are what the jobs wrote, byte for byte.
  const location = after.partitions.get(`${model}/jobs-2`) ?? '';
  expect(location).toBe(predictionsFolder(deployed, 'jobs-2'));
  expect([...after.partitions.keys()]).toEqual([`${model}/jobs-2`]);
  const files = await deployed.storage.list(location);
  expect(files.map(({ uri }) => uri.slice(location.length))).toEqual(['part-00000.parquet']);
  const here = predictionsFolder({ root: embeddedRoot, model }, releaseIn(second));
  expect(sha256(await deployed.storage.read(`${location}part-00000.parquet`))).toBe(
    sha256(await embedded.storage.read(`${here}part-00000.parquet`)),
  );
  const page = await deployed.storage.read(released.record?.state.page?.uri ?? '');
  expect(new TextDecoder().decode(page)).toMatch(/^<!doctype html>[\s\S]*200 predictions/i);

  const back = await releaseOnAws('rollback', '94');
  expect(back).toMatchObject({ status: 'succeeded', error: null });
  const rolledBack = await seen();
  expect(rolledBack.object).toMatchObject({ release: 'jobs-1', package: `${group}/1` });
  expect(rolledBack.item?.previous).toEqual({ release: 'jobs-2', package: `${group}/2` });
  expect([...rolledBack.partitions.keys()].sort()).toEqual([`${model}/jobs-1`, `${model}/jobs-2`]);
  const champion = await deployed.ledger.get<Champion>(championKind, championId);
  expect(champion).toMatchObject({
    version: 3,
    value: { package: `${group}/1`, reason: 'Rolled back: a rollback by a test' },
  });
  // The rows of the release before are still there for whoever asks for it.
  expect((await deployed.storage.list(location)).length).toBe(1);
  expect((await currentLease(deployed))?.value.execution).toBeNull();
});

test('rows that landed need jobs, so their release goes as far as the emulator: nothing is shown, the lease is free', async () => {
  const before = await seen();
  // They are others than before, so no release has their predictions.
  const current = (await deployed.ledger.get<DeployedLast>(deployedKind, currentId))?.value as DeployedLast;
  const uri = `${names.root}/inputs-promote/${model}/scoring/other/`;
  const [staged] = await deployed.storage.list(current.scoring?.uri ?? '');
  const text = new TextDecoder().decode(await deployed.storage.read(staged?.uri ?? '')).trimEnd();
  await deployed.storage.write(`${uri}rows.csv`, `${text.slice(0, text.lastIndexOf('\n'))}\n`);
  const version = await dataVersion(uri, deployed);
  const config = { ...current.config, triggers: { ...current.config.triggers, scoring_landed: true } };
  await deployed.ledger.put(deployedKind, currentId, { ...current, config });
  await deployed.ledger.put<Landed>(landedKind, 'scoring', {
    ...{ source: 'rows.csv', uri, version },
    at: new Date().toISOString(),
  });
  const refused = await releaseOnAws('release', '95');
  expect(refused.status).toBe('failed');
  expect(refused.record?.state).toMatchObject({
    failed_step: 'Lay out rows',
    error: { Cause: expect.stringContaining('`.sync` is not supported') },
    plan: { package: `${group}/1`, batch: { reused: false } },
  });
  expect(await seen()).toEqual(before);
  expect((await currentLease(deployed))?.value.execution).toBeNull();
});

/** What functions may write: kinds of ledger items and folders of the artifacts. All others are refused them. */
const may: Record<Deployed, readonly string[]> = {
  lease: ['lease'],
  plan: ['settings/', 'execution', 'deployed'],
  keep: ['prepared', 'model', 'scores', 'prepared/', 'models/', 'scores/'],
  inspect: [],
  gate: ['look-1', 'holdout', 'runs/', 'holdouts/', 'sealed/'],
  register: ['configs/', 'packages/'],
  promote: ['champion', 'champion-change', 'runs/'],
  record: ['run', 'lease', 'execution', 'notice'],
  'close-run': ['run', 'release', 'finding', 'lease', 'execution', 'notice'],
  landed: ['landed', 'retrain'],
  'plan-look': ['execution', 'looks/'],
  judge: ['looks/'],
  'page-look': ['looks/'],
  'record-look': ['monitoring', 'finding', 'retrain', 'execution', 'looks/', 'monitoring/'],
  'plan-release': ['execution', 'settings/', 'releases/'],
  'keep-release': ['delivered', 'releases/', 'inputs/', 'predictions/'],
  smoke: [],
  point: ['pointer', 'champion', 'champion-change', 'rolled-back', 'pointers/'],
  page: ['releases/'],
  'record-release': ['release', 'lease', 'execution'],
};

// moto, which has the registry here, knows none of these roles: for the registry see infra/identity/identity-policies.test.ts.
test.each(functionNames)(
  'the role of %s may write what its function writes, and nothing else',
  async (name) => {
    const own = await credentialsOf(name);
    const before = { ...process.env };
    Object.assign(process.env, own);
    const { storage, ledger } = deployedContext(deployment, model);
    const write = (what: string) =>
      what.endsWith('/') ? storage.write(`${names.root}/${what}${model}/x`, 'x') : ledger.put(what, 'x', {});
    const wanted = new Set([
      ...Object.values(may).flat(),
      'inputs-evaluate/data/',
      'inputs-promote/code/',
      'jobs-evaluate/',
      'jobs-promote/',
    ]);
    const allowed: string[] = [];
    try {
      for (const what of wanted) {
        const error = await write(what).then(
          () => null,
          (thrown: Error) => thrown,
        );
        if (error === null) allowed.push(what);
        else expect(error.message).toContain('not authorized to perform');
      }
    } finally {
      for (const key of Object.keys(own)) delete process.env[key];
      Object.assign(process.env, before);
    }
    expect(allowed.sort()).toEqual([...may[name]].sort());
  },
);
