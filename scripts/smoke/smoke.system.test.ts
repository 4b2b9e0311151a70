import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeImagesCommand, PutImageCommand } from '@aws-sdk/client-ecr';
import { ListObjectVersionsCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import {
  CreateModelPackageCommand,
  CreateModelPackageGroupCommand,
  DescribeTrainingJobCommand,
} from '@aws-sdk/client-sagemaker';
import { ListExecutionsCommand, UpdateStateMachineCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { ecrClient, s3Client, sageMakerClient, sfnClient } from '../../pipeline/aws/clients.ts';
import { deployedContext } from '../../pipeline/backends/aws/deployed-context.ts';
import { account, region, startFakeCloud } from '../../pipeline/backends/aws/fakecloud.fixture.ts';
import { deployStandIn, imageManifest } from '../../pipeline/backends/aws/state/stand-in.fixture.ts';
import { parseConfig } from '../../pipeline/config/load.ts';
import { hashContext } from '../../pipeline/image/context.ts';
import { imageTag, packageGroup, resourceNames } from '../../pipeline/names.ts';
import { prepareContext } from '../../pipeline/repository.ts';
import { artifactsOf } from '../../pipeline/steps/context.ts';
import { type SmokeOptions, type Surroundings, smoke } from './smoke.ts';

/**
 * A smoke test's calls, price and clean-up against an emulator, which never finishes a job. So the state machine here is a
 * stand-in: instead of running jobs it puts the record of a finished run into the ledger, as the real document's Record state
 * has a function do (pipeline/machines/train.ts), or starts a training job and waits. What jobs and functions would have
 * written is there when the images have been pushed.
 */
jest.setTimeout(120_000);
const { endpoint } = await startFakeCloud(4651);

/**
 * The model packages of each group. The emulator names packages without their group and lists all of them for any group, so
 * this answers in its place, by SageMaker's API reference (CreateModelPackage, ListModelPackages, DeleteModelPackage,
 * DeleteModelPackageGroup), and passes on every other call.
 */
const packages = new Map<string, string[]>();
const registry = createServer(async (request, response) => {
  const body = await new Response(request as never).text();
  const action = String(request.headers['x-amz-target']).replace('SageMaker.', '');
  const { ModelPackageGroupName: group = '', ModelPackageName = '' } = JSON.parse(body || '{}');
  const answer = (status: number, value: object) =>
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(value));
  const found = packages.get(group);
  const missing = () =>
    answer(400, { __type: 'ValidationException', message: `ModelPackageGroup ${group} does not exist.` });
  if (action === 'CreateModelPackageGroup') {
    packages.set(group, []);
    answer(200, {});
  } else if (action === 'CreateModelPackage' && found) {
    const arn = `arn:aws:sagemaker:${region}:${account}:model-package/${group}/${found.length + 1}`;
    found.push(arn);
    answer(200, { ModelPackageArn: arn });
  } else if (action === 'ListModelPackages') {
    if (!found) missing();
    else answer(200, { ModelPackageSummaryList: found.map((ModelPackageArn) => ({ ModelPackageArn })) });
  } else if (action === 'DeleteModelPackage') {
    for (const [name, arns] of packages)
      packages.set(
        name,
        arns.filter((arn) => arn !== ModelPackageName),
      );
    answer(200, {});
  } else if (action === 'DeleteModelPackageGroup') {
    if (!found) missing();
    else if (found.length > 0) answer(400, { __type: 'ConflictException', message: 'it has packages' });
    else {
      packages.delete(group);
      answer(200, {});
    }
  } else {
    const { host: _, 'content-length': __, connection: ___, ...headers } = request.headers;
    const told = await fetch(endpoint, { method: 'POST', headers: headers as never, body });
    response.writeHead(told.status, { 'content-type': 'application/x-amz-json-1.1' }).end(await told.text());
  }
});
await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
afterAll(() => {
  registry.closeAllConnections();
  registry.close();
});
process.env.AWS_ENDPOINT_URL_SAGEMAKER = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
const deployment = { project: 'churn', environment: 'sandbox', account, region };
const names = resourceNames(deployment);
const folder = mkdtempSync(join(tmpdir(), 'mlops-smoke-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const config = join(folder, 'mlops.yaml');
const made = deployedContext(deployment, 'smoke');
const others = deployedContext(deployment, 'churn');

beforeAll(async () => {
  writeFileSync(
    config,
    `project: churn\nproblem: binary\ndata: { source: rows.csv, target: left }\nenvironments:\n  sandbox: { account: "${account}", region: ${region} }\n`,
  );
  await deployStandIn(names);
  await s3Client().send(
    new PutBucketVersioningCommand({
      Bucket: names.artifactsBucket,
      VersioningConfiguration: { Status: 'Enabled' },
    }),
  );
  await write(others, 'churn');
});

/** What a run of a model leaves: objects in two versions, ledger items and a package. */
async function write(context: typeof made, model: string): Promise<void> {
  for (const text of ['first', 'second'])
    await context.storage.write(`${artifactsOf(context, 'models')}f1/model.tar.gz`, text);
  for (const kind of ['model', 'prepared', 'look-1234']) await context.ledger.put(kind, '1', { model });
  const ModelPackageGroupName = packageGroup(names.stack, model);
  await sageMakerClient().send(new CreateModelPackageGroupCommand({ ModelPackageGroupName }));
  await sageMakerClient().send(new CreateModelPackageCommand({ ModelPackageGroupName }));
}

const verdict = {
  outcome: 'hold',
  reason: 'Inconclusive.',
  n: 294,
  positives: 47,
  seed: 0,
  confidence: 0.95,
  enforced: true,
  metrics: {},
  slices: [],
  checks: [],
};
const runFolder = `${artifactsOf(made, 'runs')}1/`;

/** The record of a run that went through, as the record function writes it (pipeline/steps/train/record.ts). */
const finished = (changes: object = {}) => ({
  execution: '1',
  status: 'succeeded',
  started_at: '2026-01-01T00:00:00.000Z',
  finished_at: '2026-01-01T00:15:00.000Z',
  state: {
    request: {
      model: 'smoke',
      mode: 'evaluate',
      promote: false,
      config: parseConfig('{ project: churn, problem: binary, data: { source: x.csv, target: y } }'),
      trigger: { kind: 'manual', ref: null, commit: null, dirty: false, actor: null, reason: 'smoke test' },
    },
    plan: {
      fingerprint: 'f1',
      champion: { package: null, origin: 'champion', version: 0 },
      cost: null,
      prepare: { reused: false, size: { engine: 'processing', instance: 'ml.m5.large', count: 1 } },
      train: { reused: false },
    },
    gate: {
      outcome: 'hold',
      reason: 'Inconclusive.',
      verdict: `${runFolder}verdict.json`,
      evidence: `${runFolder}evidence.json`,
      promotable: false,
    },
    package: { name: 'churn--sandbox--smoke/1' },
    ...changes,
  },
  steps: ['Plan', 'Prepare', 'Inspect', 'Train', 'Score candidate', 'Gate', 'Register'].map((name) => ({
    name,
    seconds: 60,
  })),
  notes: [],
});

const definitions = {
  finishes: (record: object) => ({
    StartAt: 'Keep record',
    States: {
      'Keep record': {
        Type: 'Task',
        Resource: 'arn:aws:states:::dynamodb:putItem',
        Parameters: {
          TableName: names.ledgerTable,
          Item: {
            kind: { S: 'run/smoke' },
            id: { 'S.$': '$$.Execution.Name' },
            version: { N: '1' },
            value: { S: JSON.stringify(record) },
          },
        },
        End: true,
      },
    },
  }),
  hangs: () => ({
    StartAt: 'Train',
    States: {
      Train: {
        Type: 'Task',
        Resource: 'arn:aws:states:::aws-sdk:sagemaker:createTrainingJob',
        Parameters: {
          'TrainingJobName.$': "States.Format('{}-train', $$.Execution.Name)",
          RoleArn: names.jobRoles.evaluate.arn,
          AlgorithmSpecification: { TrainingImage: 'image', TrainingInputMode: 'File' },
          OutputDataConfig: { S3OutputPath: 's3://bucket/output' },
          ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 30 },
          StoppingCondition: { MaxRuntimeInSeconds: 900 },
        },
        ResultPath: null,
        Next: 'Hold',
      },
      Hold: { Type: 'Wait', Seconds: 600, End: true },
    },
  }),
};

const deploy = (definition: object) =>
  sfnClient().send(
    new UpdateStateMachineCommand({
      stateMachineArn: names.machines.evaluate.arn,
      definition: JSON.stringify(definition),
    }),
  );

/** In place of Docker: the images are in the registry under the tags of their folders' content. */
const push: NonNullable<Surroundings['push']> = async function* (file) {
  const images = await Promise.all(
    (
      [
        ['model', join(file, '../smoke/model')],
        ['prepare', prepareContext],
      ] as const
    ).map(async ([name, context]) => {
      const { digest: content } = await hashContext(context);
      const { image } = await ecrClient().send(
        new PutImageCommand({
          repositoryName: names.candidateRepository,
          imageTag: imageTag(name, content.slice('sha256:'.length)),
          imageManifest: imageManifest(`${name} ${Date.now()}`),
        }),
      );
      const digest = image?.imageId?.imageDigest ?? '';
      return { uri: `${names.registryHost}/${names.candidateRepository}@${digest}`, digest, pushed: true };
    }),
  );
  await write(made, 'smoke');
  await made.storage.write(`${runFolder}verdict.json`, JSON.stringify(verdict));
  await made.storage.write(
    `${runFolder}evidence.json`,
    JSON.stringify({ plots: null, explanation: null, tuning: null, threshold: 0.5, notes: [] }),
  );
  yield* images;
};

async function ran(options: Partial<SmokeOptions> = {}, changes: Partial<Surroundings> = {}) {
  const said: string[] = [];
  const well = await smoke(
    { config, most: 2, ...options },
    {
      signal: new AbortController().signal,
      say: (line) => said.push(line),
      onProgress: () => {},
      confirm: async () => false,
      push,
      ...changes,
    },
  );
  return { well, said: said.join('\n') };
}

/** What is in the account by model: objects with all versions, items of the ledger, packages, images. */
async function left() {
  const { Versions = [], DeleteMarkers = [] } = await s3Client().send(
    new ListObjectVersionsCommand({ Bucket: names.artifactsBucket }),
  );
  const { imageDetails = [] } = await ecrClient().send(
    new DescribeImagesCommand({ repositoryName: names.candidateRepository }),
  );
  const kinds = ['model', 'prepared', 'look-1234', 'run'];
  const items = async (context: typeof made) =>
    (await Promise.all(kinds.map(async (kind) => (await context.ledger.list(kind)).length))).reduce(
      (sum, count) => sum + count,
    );
  return {
    objects: [...Versions, ...DeleteMarkers].map(({ Key = '' }) => Key.split('/')[2]),
    items: { smoke: await items(made), churn: await items(others) },
    packages: [...packages.values()].flat().map((arn) => arn.split('/').slice(1).join('/')),
    images: imageDetails.length,
  };
}
const onlyOthers = {
  objects: ['churn', 'churn'],
  items: { smoke: 0, churn: 3 },
  packages: ['churn--sandbox--churn/1'],
  images: 0,
};

const executions = async () =>
  (await sfnClient().send(new ListExecutionsCommand({ stateMachineArn: names.machines.evaluate.arn })))
    .executions ?? [];

test('the price is printed and asked for; without a yes nothing is run', async () => {
  await deploy(definitions.finishes(finished()));
  const asked: string[] = [];
  const { well, said } = await ran(
    { most: undefined },
    { confirm: async (question) => asked.push(question) < 0 },
  );
  expect(said).toMatch(
    /Price: about \$0\.03 if each job takes five minutes, at most \$0\.75 if each runs into its limit \(Prepare: 1 x ml\.m5\.large, processing; Train: .*; Score: .*transform\)/,
  );
  expect(asked).toEqual(['Run it?']);
  expect(said).toContain('Nothing was run.');
  expect(well).toBe(false);
  expect(await executions()).toEqual([]);
});

test('a price above the most that is accepted is refused', async () => {
  await expect(ran({ most: 0.1 })).rejects.toThrow('--most: got $0.10, expected at least $0.75');
  expect(await executions()).toEqual([]);
});

test('a run that goes through is shown step by step, and all that it made is deleted, and nothing else', async () => {
  const { well, said } = await ran();
  expect(said).toMatch(/✓ Images +2 pushed, 0 were there/);
  expect(said).toMatch(/✓ Execution +smoke-\w+-smoke-1 succeeded/);
  for (const step of ['Prepare', 'Train', 'Score candidate', 'Gate']) expect(said).toMatch(`✓ ${step}`);
  expect(said).toMatch(/✓ Holdout +294 rows scored; the gate says hold/);
  expect(said).toMatch(/✓ Promotion +none, as meant/);
  expect(said).toMatch(/✓ Clean-up: model packages +1 deleted/);
  expect(said).toMatch(/✓ Clean-up: images +2 deleted/);
  expect(said).toContain('What stays: the execution for 90 days');
  expect(well).toBe(true);
  expect(await left()).toEqual(onlyOthers);
  expect(readdirSync(tmpdir()).filter((name) => /^mlops-smoke-(?!test)/.test(name))).toEqual([]);
});

test('a step that was reused, or another engine than asked, is no success', async () => {
  const { plan } = finished().state;
  await deploy(
    definitions.finishes(
      finished({ plan: { ...plan, prepare: { reused: false, size: { engine: 'glue' } } } }),
    ),
  );
  const { well, said } = await ran();
  expect(said).toMatch(/✗ Engine +glue/);
  expect(well).toBe(false);
  await expect(ran({ engine: 'fargate' })).rejects.toThrow(
    /--engine: got fargate, expected processing, with which sandbox is deployed.*prepare\.engine: fargate/,
  );
});

test('Ctrl-C stops the execution and its job, and all that was made is deleted', async () => {
  await deploy(definitions.hangs());
  const abort = new AbortController();
  const running = ran(
    {},
    {
      signal: abort.signal,
      onProgress: ({ state, kind }) => {
        if (state === 'Train' && kind === 'succeeded') abort.abort();
      },
    },
  );
  const { well, said } = await running;
  expect(well).toBe(false);
  expect(said).toMatch(/✗ Execution +smoke-\w+-smoke-1 cancelled/);
  const [newest] = await executions();
  expect(newest?.status).toBe('ABORTED');
  const { TrainingJobStatus } = await sageMakerClient().send(
    new DescribeTrainingJobCommand({ TrainingJobName: `${newest?.name}-train` }),
  );
  expect(['Stopping', 'Stopped']).toContain(TrainingJobStatus);
  expect(await left()).toEqual(onlyOthers);
});

test('a push that fails is told, and what was pushed before is deleted; --clean deletes what is left', async () => {
  const { well, said } = await ran(
    {},
    {
      push: async function* (...given) {
        yield* push(...given);
        throw new Error('no space left on device');
      },
    },
  );
  expect(said).toMatch(/✗ Failed +no space left on device/);
  expect(well).toBe(false);
  expect(await left()).toEqual(onlyOthers);
  await write(made, 'smoke');
  expect(await ran({ clean: true })).toMatchObject({
    well: true,
    said: expect.stringMatching(/Clean-up: ledger items +3 deleted/),
  });
});

test("a user's own model of that name is refused, for it would be deleted", async () => {
  const own = join(folder, 'own.yaml');
  writeFileSync(
    own,
    `project: smoke\nproblem: binary\ndata: { source: rows.csv, target: left }\nenvironments:\n  sandbox: { account: "${account}", region: ${region} }\n`,
  );
  await expect(ran({ config: own })).rejects.toThrow(/got a model of the name smoke/);
});
