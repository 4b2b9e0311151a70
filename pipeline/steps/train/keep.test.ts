import { expect, test } from '@jest/globals';
import { RewrittenError } from '../../errors.ts';
import { sha256 } from '../../hash.ts';
import type { Request } from '../../machines/request.ts';
import type { Prepared, Scored, StepContext, TrainedModel } from '../context.ts';
import {
  dataOf,
  FakeSageMaker,
  type Parameters,
  payloadOf,
  requestOf,
  scriptOf,
} from './fake-sagemaker.fixture.ts';
import { type KeepEvent, keep } from './keep.ts';
import { plan } from './plan.ts';
import { promote } from './promote.ts';
import { record } from './record.ts';

/*
 * What a pull request's run can do to a later promotion. Its jobs run its own image with the role of all evaluation jobs, so
 * they can write any object below jobs-evaluate/, at any time; and whoever starts it writes the request.
 */

const evaluate = { mode: 'evaluate', promote: false } as const;
const merge = { mode: 'promote', promote: true } as const;

/** The storage of a versioned bucket: an object that was written twice cannot be taken over (s3-storage.ts). */
function versioned(context: StepContext): Map<string, number> {
  const { storage } = context;
  const writes = new Map<string, number>();
  const { write, take } = storage;
  storage.write = async (uri, bytes) => {
    writes.set(uri, (writes.get(uri) ?? 0) + 1);
    await write.call(storage, uri, bytes);
  };
  storage.take = async (from, to) => {
    if (writes.get(from) !== 1) throw new RewrittenError(`${from}: got more than one version`);
    return await take.call(storage, from, to);
  };
  return writes;
}

const outputsOf = (kind: 'prepared' | 'model' | 'scores', item: unknown): string =>
  kind === 'model' ? (item as TrainedModel).trained.artifact : (item as Prepared | Scored).output;

test.each([
  ['prepared', 'Keep prepared'],
  ['model', 'Keep model'],
  ['scores', 'Keep scores: candidate'],
] as const)(
  'a job of another run that writes over %s before they are kept is found out',
  async (kind, state) => {
    const world = new FakeSageMaker();
    versioned(world.context);
    world.failures.set(state, ['another run writes now']);
    const run = await world.run(await requestOf(world, '', evaluate));
    const event = payloadOf<KeepEvent>(run, state);
    const place = outputsOf(kind, event.item);
    const [object] = await world.context.storage.list(place);
    await world.context.storage.write(object?.uri ?? '', 'poison');
    await expect(keep(event, world.context)).rejects.toThrow(RewrittenError);
  },
);

test('what jobs write is never what a later run reads', async () => {
  const world = new FakeSageMaker();
  const reviewed = await world.run(await requestOf(world, '', evaluate));
  // The places of the jobs' own objects, which are in the versions of a bucket.
  for (const state of ['Keep prepared', 'Keep model', 'Keep scores: candidate']) {
    const { kind, item } = payloadOf<KeepEvent>(reviewed, state);
    const place = outputsOf(kind, item);
    await world.context.storage.write(kind === 'model' ? place : `${place}x`, 'poison');
  }
  const merged = await world.run(await requestOf(world, '', merge));
  expect([reviewed.result.status, merged.result.status]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  expect(merged.calls).toEqual([]);
  const found = await world.context.registry.get('small/1');
  expect(found?.artifact).toMatch(/^s3:\/\/mlops\/small\/models\//);
  const read = new TextDecoder().decode(await world.context.storage.read(found?.artifact ?? ''));
  expect(read).not.toBe('poison');
  const champion = await world.context.ledger.get<Parameters>('champion', 'current');
  expect(champion?.value.package).toBe(found?.name);
});

test.each<[string, (world: FakeSageMaker, request: Request) => Promise<Partial<Request>>]>([
  [
    'data',
    async (world, { data }) => ({
      data: { ...(await dataOf(world, 'x,y\n9,no\n8,yes\n', 'evaluate')), version: data.version },
    }),
  ],
  [
    'a script',
    async (world) => ({
      script: { ...(await scriptOf(world, 'poison', 'evaluate')), sha256: sha256('reviewed') },
    }),
  ],
  [
    'a file beside the data',
    async (world, { data }) => {
      await world.context.storage.write(`${data.uri}more.csv`, 'x,y\n9,no\n');
      return {};
    },
  ],
])('%s under the version of another is refused before anything starts', async (_what, change) => {
  const world = new FakeSageMaker();
  const request = await requestOf(world, '', evaluate);
  const { result, calls } = await world.run({ ...request, ...(await change(world, request)) });
  expect(result).toMatchObject({ status: 'FAILED', error: 'InputChangedError' });
  expect(calls).toEqual([]);
  for (const kind of ['prepared', 'model', 'scores'])
    expect(await world.context.ledger.list(kind)).toEqual([]);
});

test('data that are added after Plan, while the job reads them, are found out', async () => {
  const world = new FakeSageMaker();
  world.failures.set('Keep prepared', ['another run writes now']);
  const run = await world.run(await requestOf(world, '', evaluate));
  const event = payloadOf<KeepEvent>(run, 'Keep prepared');
  await world.context.storage.write(`${event.request.data.uri}more.csv`, 'x,y\n9,no\n');
  await expect(keep(event, world.context)).rejects.toThrow('the data changed in the meantime');
});

test('a prepare image that names the holdout of another cannot have scores taken for it', async () => {
  const world = new FakeSageMaker();
  world.manifest = {
    files: {
      train: { path: 'train/train.csv', rows: 1, positives: 1, sha256: sha256('train') },
      holdout: { path: 'holdout/holdout.csv', rows: 1, positives: 1, sha256: sha256('the real holdout') },
    },
  };
  const { result, calls } = await world.run(await requestOf(world, '', evaluate));
  expect(result).toMatchObject({ status: 'FAILED', error: 'JobOutputError' });
  expect(calls.map(({ state }) => state)).toEqual(['Prepare']);
});

test('a result outside the folder of jobs is not taken for one', async () => {
  const world = new FakeSageMaker();
  const event = payloadOf<KeepEvent>(
    await world.run(await requestOf(world, '', evaluate)),
    'Keep scores: candidate',
  );
  const item = { ...(event.item as Scored), output: 's3://mlops/small/scores/small/' };
  await expect(keep({ ...event, item } as KeepEvent, world.context)).rejects.toThrow(
    'expected one below s3://mlops/small/jobs-',
  );
});

test.each([
  [
    'prepared',
    'The prepared data of an earlier run were not reused',
    ['Prepare', 'Train', 'Score candidate'],
  ],
  ['model', 'The model of an earlier run was not reused', ['Train', 'Score candidate']],
] as const)('%s that are not as they were recorded are made again, with a note', async (kind, note, jobs) => {
  const world = new FakeSageMaker();
  await world.run(await requestOf(world, '', evaluate));
  const [item] = await world.context.ledger.list<Parameters>(kind);
  const { objects } = (item as Parameters).value.trained ?? (item as Parameters).value;
  const [object] = objects;
  await world.context.storage.write(object.uri, 'poison');
  // Prepared data that are made again do not change the fingerprint, so the model would be reused.
  if (kind === 'prepared')
    for (const { uri } of await world.context.storage.list('s3://mlops/small/models/'))
      await world.context.storage.write(uri, 'poison');
  const { execution, calls } = await world.run(await requestOf(world, '', merge));
  expect(calls.filter(({ action }) => action.endsWith('Job')).map(({ state }) => state)).toEqual(jobs);
  const record = await world.context.ledger.get<Parameters>('run', execution);
  expect(record?.value.notes.join()).toContain(note);
});

test('a package whose artifact changed is neither promoted nor compared with', async () => {
  const world = new FakeSageMaker();
  await world.run(await requestOf(world, '', evaluate));
  const found = await world.context.registry.get('small/1');
  await world.context.storage.write(found?.artifact ?? '', 'poison');
  const promotion = {
    execution: 'e',
    package: found?.name ?? '',
    compared_with: null,
    expected_version: 0,
    fence: null,
    reason: 'x',
  };
  await expect(promote(promotion, world.context)).rejects.toThrow(
    'its artifact is not the one that was judged',
  );
  expect(await world.context.ledger.get('champion', 'current')).toBeNull();
  await expect(promote({ ...promotion, package: 'small/9' }, world.context)).rejects.toThrow(
    'nothing was promoted',
  );
});

test('a run that may only evaluate cannot write under the name of one that promotes', async () => {
  const world = new FakeSageMaker();
  const merged = await world.run(await requestOf(world, '', merge));
  const before = await world.context.ledger.get('run', merged.execution);
  const state = { request: await requestOf(world, 'gate: { enforce: false }', evaluate) };
  const other = { execution: merged.execution, arn: `evaluate:${merged.execution}` };
  const planned = {
    ...other,
    request: state.request,
    mode: null,
    engine: 'processing',
    program: 'prepare@sha256:1',
  } as const;
  await expect(plan(planned, world.context)).rejects.toThrow('expected one that no other run has');
  const recorded = { ...other, started: '2026-01-01', status: 'succeeded', state } as const;
  await expect(record(recorded, world.context)).rejects.toThrow('expected one that no other run has');
  expect(await world.context.ledger.get('run', merged.execution)).toEqual(before);
});

test('the machine of evaluations takes no request to promote, and none of both takes the mode of the other', async () => {
  const world = new FakeSageMaker();
  const event = { execution: 'e', arn: 'e', engine: 'processing', program: 'prepare@sha256:1' } as const;
  for (const [mode, request] of [
    ['evaluate', await requestOf(world, '', { mode: 'promote', promote: false })],
    ['promote', await requestOf(world, '', evaluate)],
  ] as const)
    await expect(plan({ ...event, request, mode }, world.context)).rejects.toThrow(
      `got ${request.mode}, expected ${mode}, the only mode that this machine takes`,
    );
});

test.each([
  ['prepared', 'Keep prepared', 'train/more.csv'],
  ['scores', 'Keep scores: candidate', 'zzz.csv.out'],
])('a file of another job beside the %s is found out', async (_kind, state, name) => {
  const world = new FakeSageMaker();
  world.failures.set(state, ['another run writes now']);
  const event = payloadOf<KeepEvent>(await world.run(await requestOf(world, '', evaluate)), state);
  await world.context.storage.write((event.item as Scored).output + name, 'poison');
  await expect(keep(event, world.context)).rejects.toThrow(name);
});

test("a prepare image that gives the holdout another name cannot have its own scores taken for the holdout's", async () => {
  const world = new FakeSageMaker();
  await world.run(await requestOf(world, '', merge));
  const images = { model: 'model@sha256:2', prepare: 'prepare@sha256:2' };
  world.manifest = {
    files: {
      train: { path: 'train/train.csv', rows: 1, positives: 1, sha256: sha256('train') },
      holdout: { path: 'holdout/zzz.csv', rows: 1, positives: 1, sha256: sha256('holdout') },
    },
  };
  const { calls } = await world.run(await requestOf(world, '', { ...evaluate, images }));
  // The champion's scores of the same rows are not those of another layout.
  expect(calls.filter(({ action }) => action === 'createTransformJob').map(({ state }) => state)).toEqual([
    'Score candidate',
    'Score champion',
  ]);
});

test.each([
  ['script', { script: { uri: 's3://mlops/small/jobs-evaluate/small/x.py', sha256: sha256('x') } }],
  ['code', { code: 's3://mlops/small/jobs-evaluate/small/code.json' }],
  ['data.uri', { data: { source: 'd', uri: 's3://mlops/small/prepared/small/', version: 'x' } }],
  ['code', { code: 's3://mlops/small/inputs-promote/small/code/1.json' }],
])('an input that can be replaced later is none: %s', async (name, change) => {
  const world = new FakeSageMaker();
  const request = await requestOf(world, '', evaluate);
  const { result } = await world.run({ ...request, ...change });
  expect(result).toMatchObject({ status: 'FAILED', error: 'InputChangedError' });
  expect(JSON.stringify(result)).toContain(`request: ${name}: got`);
});

test('a request that names another model than its mlops.yaml is refused', async () => {
  const world = new FakeSageMaker();
  const { result } = await world.run({ ...(await requestOf(world, '', evaluate)), model: 'small/1/train' });
  expect(result).toMatchObject({ status: 'FAILED', error: 'ConfigError' });
});

test('evaluations resume from no checkpoint, because another could have written it', async () => {
  const world = new FakeSageMaker();
  const request = await requestOf(world, 'training: { spot: true }', evaluate);
  const event = { execution: 'e', arn: 'e', engine: 'processing', program: 'prepare@sha256:1' } as const;
  expect((await plan({ ...event, request, mode: 'evaluate' }, world.context)).train.resumes).toBe(false);
});
