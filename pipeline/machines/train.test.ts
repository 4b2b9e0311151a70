import { afterEach, describe, expect, jest, test } from '@jest/globals';
import validate from 'asl-validator';
import { embeddedResources } from '../backends/embedded/embedded-backend.ts';
import { embeddedEngine } from '../backends/embedded/prepare-engines.ts';
import { parseConfig } from '../config/load.ts';
import { trialsTable } from '../queries/recorded-tables.ts';
import { failureOf } from '../run/account/failure.ts';
import {
  dataOf,
  FakeSageMaker,
  type Parameters,
  type Run,
  requestOf,
  scriptOf,
  tuned,
} from '../steps/train/fake-sagemaker.fixture.ts';
import type { RunRecord } from '../steps/train/run-record.ts';
import { readRows } from '../tables/read-rows.ts';
import type { State, StateMachine } from './asl.ts';
import type { Security } from './security.ts';
import { trainMachine, trainSteps } from './train.ts';

const security: Security = {
  vpc: { subnets: ['subnet-1'], security_groups: ['sg-1'] },
  kms_key: 'arn:aws:kms:us-east-1:111111111111:key/1',
  network_isolation: true,
  tags: { team: 'people' },
};
const asking = (engine: string) => ({
  config: parseConfig(
    `project: small\nproblem: binary\ndata: { source: data.csv, target: y }\nprepare: { engine: ${engine} }`,
  ),
  images: { model: 'model@sha256:1', prepare: 'prepare@sha256:1' },
});
const [glue, fargate] = [embeddedEngine(asking('glue')), embeddedEngine(asking('fargate'))];
const documents: [name: string, StateMachine][] = [
  ['this machine', trainMachine(embeddedResources)],
  ['an account that demands all', trainMachine({ ...embeddedResources, security })],
  ['Glue', trainMachine({ ...embeddedResources, engine: glue, security })],
  ['Fargate', trainMachine({ ...embeddedResources, engine: fargate, security })],
];

describe.each(documents)('the document for %s', (_name, document) => {
  const states = new Map(allStates(document));

  test('is Amazon States Language', () => {
    const { isValid, errorsText } = validate(structuredClone(document), { checkArn: true, checkPaths: true });
    expect([isValid, isValid ? '' : errorsText()]).toEqual([true, '']);
  });

  test('every task has a time limit, retries for the call and a catch for everything', () => {
    for (const [name, state] of states) {
      if (state.Type !== 'Task') continue;
      const { TimeoutSeconds, TimeoutSecondsPath, Retry = [], Catch = [] } = state;
      expect([name, TimeoutSeconds ?? TimeoutSecondsPath]).toEqual([name, expect.anything()]);
      expect([name, Retry.length > 0]).toEqual([name, true]);
      expect([name, Catch.at(-1)?.ErrorEquals]).toEqual([name, ['States.ALL']]);
      // A job's own failure is never tried again under its own name.
      for (const { ErrorEquals } of Retry)
        expect(ErrorEquals.filter((error) => error.startsWith('States.'))).toEqual([]);
    }
  });

  test('every choice has a default, and every state can be reached', () => {
    for (const [name, state] of states)
      if (state.Type === 'Choice') expect([name, state.Default]).toEqual([name, expect.any(String)]);
    expect([...states.keys()].filter((name) => !reached(document).has(name))).toEqual([]);
  });

  test('what people follow are its states', () => {
    expect(trainSteps.filter((name) => states.get(name)?.Type !== 'Task')).toEqual([]);
  });

  test('no champion is a choice inside the parallel state', () => {
    const score = document.States.Score;
    if (score?.Type !== 'Parallel') throw new Error('expected a Parallel state');
    for (const branch of score.Branches) expect(branch.States[branch.StartAt]?.Type).toBe('Choice');
  });
});

test('an account may demand a network, a key and tags of every job', () => {
  const demanded = JSON.stringify(trainMachine({ ...embeddedResources, security }));
  const jobs = demanded.match(/sagemaker:create\w+/g) ?? [];
  expect(demanded.match(/"team"/g)).toHaveLength(jobs.length);
  expect(JSON.stringify(trainMachine(embeddedResources))).not.toMatch(/KmsKey|VpcConfig|Tags/);
});

test.each(['aws-cn', 'aws-us-gov'])(
  'in %s every service integration has that partition, and nothing else differs',
  (partition) => {
    for (const resources of [
      { ...embeddedResources, security },
      { ...embeddedResources, engine: fargate },
    ]) {
      const there = JSON.stringify(trainMachine({ ...resources, partition }));
      expect(there).not.toContain('"arn:aws:states:::');
      expect(there.replaceAll(`"Resource":"arn:${partition}:`, '"Resource":"arn:aws:')).toBe(
        JSON.stringify(trainMachine(resources)),
      );
    }
  },
);

describe('a run', () => {
  test('without a champion scores the candidate alone, and promotes it', async () => {
    const world = new FakeSageMaker();
    const { result, calls } = await world.run(await requestOf(world));
    expect(result.status).toBe('SUCCEEDED');
    expect(jobs(calls)).toEqual(['Prepare', 'Train', 'Score candidate']);
    expect((await world.context.ledger.get('champion', 'current'))?.value).toMatchObject({
      package: 'small/1',
    });
  });

  test('the same again calls no job', async () => {
    const world = new FakeSageMaker();
    const request = await requestOf(world);
    await world.run(request);
    const { result, calls } = await world.run(request);
    expect([result.status, calls]).toEqual(['SUCCEEDED', []]);
  });

  test('tunes where it is asked to, and takes the best trial', async () => {
    const world = new FakeSageMaker();
    const { calls } = await world.run(await requestOf(world, tuned));
    expect(jobs(calls)).toEqual(['Prepare', 'Tune', 'Score candidate']);
    const best = calls.find(({ state }) => state === 'Create model: candidate')?.parameters;
    expect(best.PrimaryContainer.ModelDataUrl).toMatch(
      /\/models\/small\/[0-9a-f]{64}\/[0-9a-f]{8}\/model\.tar\.gz$/,
    );
  });

  describe('a warm start', () => {
    const warm = tuned.replace('tuning:', 'tuning:\n  warm_start: true\n  max_jobs: 3');

    test('names the tuning jobs that it starts from, and makes no other model of more of them', async () => {
      const world = new FakeSageMaker();
      const first = await world.run(await requestOf(world, tuned));
      const request = await requestOf(world, warm);
      const second = await world.run(request);
      expect(jobs(second.calls)).toEqual(['Tune warm', 'Score candidate']);
      const parent = first.calls.find(({ state }) => state === 'Tune')?.parameters
        .HyperParameterTuningJobName;
      expect(second.calls.find(({ state }) => state === 'Tune warm')?.parameters.WarmStartConfig).toEqual({
        ParentHyperParameterTuningJobs: [{ HyperParameterTuningJobName: parent }],
        WarmStartType: 'IdenticalDataAndAlgorithm',
      });
      expect(jobs((await world.run(request)).calls)).toEqual([]);
      const third = await world.run(await requestOf(world, warm.replace('max_jobs: 3', 'max_jobs: 4')));
      const named = third.calls.find(({ state }) => state === 'Tune warm')?.parameters.WarmStartConfig;
      expect(named.ParentHyperParameterTuningJobs).toHaveLength(2);
    });

    test('that SageMaker refuses begins anew under the same name; a job that fails is no refusal', async () => {
      const world = new FakeSageMaker();
      await world.run(await requestOf(world, tuned));
      world.refusals.set('Tune warm', 'SageMaker.ValidationException');
      const { result, calls, execution } = await world.run(await requestOf(world, warm));
      expect([result.status, jobs(calls)]).toEqual(['SUCCEEDED', ['Tune warm', 'Tune', 'Score candidate']]);
      const [asked, anew] = calls.filter(({ state }) => state.startsWith('Tune'));
      const { WarmStartConfig: _, ...rest }: Parameters = asked?.parameters ?? {};
      expect(anew?.parameters).toEqual(rest);
      const record = await world.context.ledger.get<RunRecord>('run', execution);
      expect(record?.value.state.model?.tuning?.search).toMatchObject({
        refused: { Error: 'SageMaker.ValidationException', Cause: 'refused' },
      });

      world.refusals.clear();
      world.failures.set('Tune warm', [described('AlgorithmError: no')]);
      const failing = await world.run(await requestOf(world, warm.replace('max_jobs: 3', 'max_jobs: 4')));
      expect([failing.result.status, jobs(failing.calls)]).toEqual(['FAILED', ['Tune warm']]);
    });
  });

  describe('a guided search', () => {
    const guided = tuned.replace('tuning:', 'tuning:\n  guided: { min_trials: 2 }\n  max_jobs: 8');
    /** A world with one run on like data, whose best trial was at C = 0.3. */
    async function worldOf(settings = guided) {
      const world = new FakeSageMaker();
      world.context.jobs.trials = async (job) =>
        ['0.3', '0.9'].map((C, index) => ({
          ...{
            name: `${job}-00${index + 1}`,
            hyperparameters: { C },
            seconds: 1,
            status: 'completed' as const,
          },
          value: 0.9 - index / 10,
        }));
      const first = await world.run(await requestOf(world, settings));
      const data = await dataOf(world, 'x,y\n1,yes\n2,no\n3,yes\n');
      return { world, first, request: await requestOf(world, settings, { data }) };
    }
    const tuningOf = (run: Run, state: string): Parameters =>
      run.calls.find((call) => call.state === state)?.parameters ?? {};
    const partOf = ({ HyperParameterTuningJobConfig: config }: Parameters) => [
      config.Strategy,
      config.ResourceLimits.MaxNumberOfTrainingJobs,
      config.ParameterRanges.ContinuousParameterRanges.map(({ MinValue, MaxValue }: Parameters) => [
        MinValue,
        MaxValue,
      ]),
      config.ParameterRanges.CategoricalParameterRanges.map(({ Values }: Parameters) => Values),
    ];
    const modelOf = async (world: FakeSageMaker, { execution }: Run) =>
      (await world.context.ledger.get<RunRecord>('run', execution))?.value.state.model;

    test('is as without guidance while there are too few trials, and says so', async () => {
      const { world, first } = await worldOf();
      expect(jobs(first.calls)).toEqual(['Prepare', 'Tune', 'Score candidate']);
      expect((await modelOf(world, first))?.tuning?.search?.guidance).toEqual({
        guide: null,
        why: expect.stringMatching(/^0 earlier trials on like data .*at least 2 /),
        duels: [],
      });
    });

    test('tries the best known, searches where past trials were good, and stays random for a share', async () => {
      const { world, request } = await worldOf();
      const run = await world.run(request);
      expect(jobs(run.calls)).toEqual([
        ...['Prepare', 'Tune first', 'Tune guided', 'Tune random'],
        ...['Score candidate', 'Score champion'],
      ]);
      expect(partOf(tuningOf(run, 'Tune first'))).toEqual(['Grid', 1, [], [['0.3']]]);
      expect(partOf(tuningOf(run, 'Tune guided'))).toEqual(['Bayesian', 5, [['0.255', '0.345']], []]);
      expect(partOf(tuningOf(run, 'Tune random'))).toEqual(['Random', 2, [['0.1', '1']], []]);
      const names = ['Tune first', 'Tune guided', 'Tune random'].map(
        (state) => tuningOf(run, state).HyperParameterTuningJobName,
      );
      expect(new Set(names).size).toBe(3);
    });

    test.each([
      ['maximize', { Grid: 0.7, Bayesian: 0.8, Random: 0.9 }, 'Tune random'],
      ['maximize', { Grid: 0.7, Bayesian: 0.9, Random: 0.8 }, 'Tune guided'],
      ['maximize', { Grid: 0.9, Bayesian: 0.8, Random: 0.7 }, 'Tune first'],
      ['maximize', { Grid: 0.9, Bayesian: 0.9, Random: 0.9 }, 'Tune guided'],
      ['minimize', { Grid: 0.7, Bayesian: 0.8, Random: 0.9 }, 'Tune first'],
      ['minimize', { Grid: -0.7, Bayesian: -0.8, Random: 0 }, 'Tune guided'],
      ['minimize', { Grid: 0.7, Bayesian: 0.8, Random: 0.1 }, 'Tune random'],
    ])('takes the best trial of all: to %s of %j it is that of %s', async (goal, values, state) => {
      const { world, request } = await worldOf(guided.replace('maximize', goal));
      world.objective = ({ HyperParameterTuningJobConfig: { Strategy } }) =>
        values[Strategy as keyof typeof values];
      const run = await world.run(request);
      expect((await modelOf(world, run))?.tuning).toMatchObject({
        tuning_job: tuningOf(run, state).HyperParameterTuningJobName,
        parts: {
          first: { value: values.Grid },
          guided: { value: values.Bayesian },
          random: { value: values.Random },
        },
      });
    });

    test.each([
      ['Tune first', 'Tune guided'],
      ['Tune guided', 'Tune random'],
      ['Tune random', 'Tune guided'],
    ])('goes on without %s where it fails, and takes the best of the others', async (state, winner) => {
      const { world, request } = await worldOf();
      world.failures.set(state, [described('AlgorithmError: no')]);
      const run = await world.run(request);
      expect(run.result.status).toBe('SUCCEEDED');
      expect((await modelOf(world, run))?.tuning?.tuning_job).toBe(
        tuningOf(run, winner).HyperParameterTuningJobName,
      );
    });

    test('fails where every part does, with the error of the last', async () => {
      const { world, request } = await worldOf();
      for (const state of ['Tune first', 'Tune guided', 'Tune random'])
        world.failures.set(state, [described(`AlgorithmError: ${state}`)]);
      const run = await world.run(request);
      expect(run.result).toMatchObject({ status: 'FAILED', cause: described('AlgorithmError: Tune random') });
    });

    test('that has made a model serves again, whatever other runs have found since', async () => {
      const { world, request } = await worldOf();
      const reviewed = await world.run({ ...request, promote: false });
      const data = await dataOf(world, 'x,y\n1,yes\n2,no\n');
      expect((await world.run({ ...request, data })).result.status).toBe('SUCCEEDED');
      const merged = await world.run(request);
      expect(jobs(merged.calls).filter((state) => /Tune|Train/.test(state))).toEqual([]);
      const { tuning } = (await modelOf(world, merged)) ?? {};
      expect(tuning).toEqual((await modelOf(world, reviewed))?.tuning);
    });

    test('is told with each trial, once, in the table that later runs learn from', async () => {
      const { world, request } = await worldOf();
      await world.run(request);
      await world.run(request);
      const { storage, root } = world.context;
      const files = await storage.list(`${root}/trials/small/`);
      expect(files).toHaveLength(2);
      const rows = await Promise.all(
        files.map(async ({ uri }) => await readRows(await storage.read(uri), trialsTable.columns)),
      );
      const kinds = rows.map((of) => of.map(({ guided: was }) => was));
      expect(kinds).toContainEqual([false, false]);
      expect(kinds).toContainEqual([true, true, true, true, false, false]);
      expect(new Set(rows.flat().map(({ alike }) => alike)).size).toBe(1);
      expect(rows.flat()[0]).toMatchObject({
        ...{ model: 'small', objective: 'auc', goal: 'maximize', value: 0.9, seconds: 1 },
        ...{ hyperparameters: { C: '0.3' }, status: 'completed' },
      });
    });
  });

  test('another model is scored beside the champion, whose scores serve again', async () => {
    const world = new FakeSageMaker();
    await world.run(await requestOf(world));
    const images = { model: 'model@sha256:2', prepare: 'prepare@sha256:1' };
    const second = await world.run(await requestOf(world, '', { images }));
    expect(jobs(second.calls)).toEqual(['Train', 'Score candidate']);
    // Another batch size is another way to score: both models are scored again, side by side.
    const settings = 'inference: { batch: { payload_mb: 2 } }';
    const third = await world.run(await requestOf(world, settings, { images }));
    expect(jobs(third.calls).sort()).toEqual(['Score candidate', 'Score champion']);
  });

  test.each([
    ['an evaluation', { mode: 'evaluate', promote: false }, 1],
    ['a promotion left to a later step', { promote: false }, 1],
    ['a model that is rejected', {}, -1],
  ] as const)('%s changes no champion', async (_what, changes, skill) => {
    const world = new FakeSageMaker();
    world.skill.set('model@sha256:1', skill);
    const { result, events } = await world.run(await requestOf(world, '', changes));
    expect(result.status).toBe('SUCCEEDED');
    expect(events.some(({ state }) => state === 'Promote')).toBe(false);
    expect(await world.context.ledger.get('champion', 'current')).toBeNull();
    expect(await world.context.registry.list()).toHaveLength(1);
  });

  test('the holdout is no input of Train or Tune, whatever their channels', async () => {
    for (const settings of ['', tuned]) {
      const world = new FakeSageMaker();
      const { calls } = await world.run(
        await requestOf(world, `${settings}model: { manifest_channel: manifest }`),
      );
      const training = calls.filter(({ action }) => /create(Training|HyperParameterTuning)Job/.test(action));
      const [{ parameters } = { parameters: {} as Parameters }] = training;
      expect(training).toHaveLength(1);
      const channels: Parameters[] = (parameters.TrainingJobDefinition ?? parameters).InputDataConfig;
      const uris = channels.map(({ DataSource }) => DataSource.S3DataSource.S3Uri);
      expect(uris.map((uri) => uri.replace(/^.*prepared\/small\/[0-9a-f]{64}\/[0-9a-f]{8}\//, ''))).toEqual([
        'train/',
        'manifest/',
      ]);
      expect(JSON.stringify(parameters)).not.toContain('holdout');
    }
  });
});

describe('training', () => {
  const training = (calls: Run['calls']): Parameters =>
    calls.find(({ action }) => /createTrainingJob|createHyperParameterTuningJob/.test(action))?.parameters;

  test('on spot instances keeps checkpoints under a prefix of its own, which a further attempt finds again', async () => {
    const world = new FakeSageMaker();
    world.failures.set('Train on spot', [capacity]);
    const run = await world.run(await requestOf(world, 'training: { spot: true }'));
    expect(run.result.status).toBe('SUCCEEDED');
    expect(jobs(run.calls)).toEqual(['Prepare', 'Train on spot', 'Train on spot', 'Score candidate']);
    const [first, second] = run.calls.filter(({ state }) => state === 'Train on spot');
    expect(first?.parameters.CheckpointConfig).toEqual({
      S3Uri: expect.stringMatching(/^s3:\/\/mlops\/small\/jobs-local\/small\/small-[0-9a-f]{8}-checkpoints$/),
      LocalPath: '/opt/ml/checkpoints',
    });
    expect(second?.parameters.CheckpointConfig).toEqual(first?.parameters.CheckpointConfig);
    const other = await world.run(
      await requestOf(world, 'training: { spot: true, hyperparameters: { C: 2 } }'),
    );
    expect(training(other.calls).CheckpointConfig.S3Uri).not.toBe(first?.parameters.CheckpointConfig.S3Uri);
  });

  test('on other instances keeps none', async () => {
    const world = new FakeSageMaker();
    const { calls } = await world.run(await requestOf(world));
    expect(training(calls)).not.toHaveProperty('CheckpointConfig');
    expect(training(calls)).toMatchObject({ EnableManagedSpotTraining: false });
  });

  test.each([
    ['one instance', 1, false],
    ['several instances', 2, true],
  ])(
    'on %s: what they send each other is encrypted where they send anything',
    async (_what, count, encrypted) => {
      const instance = `instance: { count: ${count} }`;
      for (const settings of [
        `training: { ${instance} }`,
        tuned.replace('training: {', `training: { ${instance},`),
      ]) {
        const world = new FakeSageMaker();
        const { calls } = await world.run(await requestOf(world, settings));
        const parameters = training(calls);
        expect(parameters.TrainingJobDefinition ?? parameters).toMatchObject({
          EnableInterContainerTrafficEncryption: encrypted,
        });
      }
    },
  );
});

describe('names of jobs', () => {
  test('keep within the limits of SageMaker for the longest project, to the last attempt', async () => {
    const project = 'a-project-of-20-char';
    const seen = new Set<string>();
    for (const settings of ['', tuned]) {
      const world = new FakeSageMaker(project);
      const images = { model: 'model@sha256:2', prepare: 'prepare@sha256:1' };
      await world.run(await requestOf(world, settings));
      for (const state of ['Prepare', 'Train', 'Tune', 'Score candidate', 'Score champion'])
        world.failures.set(state, [capacity, capacity]);
      // Other data and another way to score: nothing serves again.
      const data = await dataOf(world, 'x,y\n1,yes\n2,no\n');
      const request = await requestOf(world, `${settings}inference: { batch: { payload_mb: 2 } }`, {
        images,
        data,
      });
      const { result, calls } = await world.run(request);
      expect(result.status).toBe('SUCCEEDED');
      for (const { action, parameters } of calls) {
        const longest = action === 'createHyperParameterTuningJob' ? 32 : 63;
        for (const [key, name] of Object.entries<string>(parameters)) {
          if (!/^(\w+JobName|ModelName)$/.test(key)) continue;
          expect(name).toMatch(/^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/);
          expect(name.length).toBeLessThanOrEqual(longest);
          if (action !== 'describeTrainingJob') seen.add(action);
        }
      }
    }
    expect([...seen].sort()).toEqual([
      'createHyperParameterTuningJob',
      'createModel',
      'createProcessingJob',
      'createTrainingJob',
      'createTransformJob',
      'deleteModel',
    ]);
  });
});

const capacity = 'CapacityError: Unable to provision requested ML compute capacity.';
const described = (reason: string) =>
  JSON.stringify({
    TrainingJobName: 'x',
    TrainingJobStatus: 'Failed',
    FailureReason: reason,
    LogTail: ['end'],
  });

describe('a job that fails', () => {
  test.each([
    ['Prepare', ''],
    ['Train', ''],
    ['Tune', tuned],
    ['Score candidate', ''],
  ])('%s: for want of capacity is run again under a new name, twice at most', async (state, settings) => {
    for (const cause of [
      capacity,
      described(capacity),
      described('InternalServerError: Please try again.'),
    ]) {
      const world = new FakeSageMaker();
      world.failures.set(state, [cause, cause]);
      const run = await world.run(await requestOf(world, settings));
      expect(run.result.status).toBe('SUCCEEDED');
      expect(namesOf(run, state).map((name) => name.slice(-2))).toEqual(['-1', '-2', '-3']);
    }
    const world = new FakeSageMaker();
    world.failures.set(state, [capacity, capacity, capacity, capacity]);
    const run = await world.run(await requestOf(world, settings));
    expect(run.result).toMatchObject({
      status: 'FAILED',
      error: expect.stringMatching(/States.TaskFailed$/),
      cause: capacity,
    });
    expect(namesOf(run, state)).toHaveLength(3);
  });

  test.each([
    described('AlgorithmError: the data has no sense, exit code: 1'),
    described('AlgorithmError: the store answered InternalServerError, exit code: 1'),
    described('AlgorithmError: CapacityError, exit code: 1'),
    JSON.stringify({
      FailureReason: 'AlgorithmError: 1',
      LogTail: ['CapacityError: of the hall', 'Spot interrupt'],
    }),
    '',
  ])('by its own fault fails the run at once: %s', async (cause) => {
    const world = new FakeSageMaker();
    world.failures.set('Train', [cause]);
    const run = await world.run(await requestOf(world));
    expect(run.result).toMatchObject({ status: 'FAILED', cause });
    expect(namesOf(run, 'Train')).toHaveLength(1);
  });

  test.each([
    ['Create model: candidate', 'Score candidate'],
    ['Score candidate', 'Score candidate'],
    ['Score champion', 'Score champion'],
    ['Keep scores: champion', 'Score champion'],
    ['Prepare for champion', 'Prepare for champion'],
    ['Keep view: champion', 'Prepare for champion'],
  ])('%s: what fails in a branch is told as %s', async (state, step) => {
    const world = new FakeSageMaker();
    const promoted = await world.run(await requestOf(world, '', { mode: 'promote', promote: true }));
    expect(promoted.result.status).toBe('SUCCEEDED');
    world.failures.set(state, [described('AlgorithmError: no')]);
    // Another model, prepared otherwise.
    const { execution, result } = await world.run(
      await requestOf(world, '', {
        images: { model: 'model@sha256:2', prepare: 'prepare@sha256:1' },
        script: await scriptOf(world, 'script'),
      }),
    );
    expect(result).toMatchObject({ status: 'FAILED', error: `${step}: States.TaskFailed` });
    const record = await world.context.ledger.get<RunRecord>('run', execution);
    const { step: failed, error } = failureOf(record?.value as RunRecord);
    // An error of a function has the name that the function gave it.
    expect([failed, error]).toEqual([
      step,
      state.startsWith('Keep') ? 'States.TaskFailed' : 'AlgorithmError',
    ]);
  });

  test.each([
    ['Prepare', 'Prepare', ''],
    ['Train', 'Train', ''],
    ['Tune', 'Tune', tuned],
    ['Describe best', 'Tune', tuned],
  ])(
    '%s: is recorded with the name of its step, and ends the run with its error',
    async (state, step, settings) => {
      const world = new FakeSageMaker();
      const cause = described('AlgorithmError: no');
      world.failures.set(state, [cause]);
      const { execution, result, events } = await world.run(await requestOf(world, settings));
      expect(result).toEqual({ status: 'FAILED', error: 'States.TaskFailed', cause });
      expect(events.filter(({ type }) => type === 'StateEntered').map((event) => event.state)).toContain(
        'Record failure',
      );
      const record = await world.context.ledger.get<Parameters>('run', execution);
      expect(record?.value).toMatchObject({
        status: 'failed',
        state: { failed_step: step, error: { Error: 'States.TaskFailed', Cause: cause } },
      });
      expect(await world.context.registry.list()).toEqual([]);
    },
  );

  test.each(['prepared', 'model'])(
    'a %s result that cannot be kept ends the run, and no later run finds it',
    async (kind) => {
      const world = new FakeSageMaker();
      world.failures.set(`Keep ${kind}`, ['s3://mlops/small/jobs-x: got more than one version']);
      const { execution, result } = await world.run(await requestOf(world));
      expect(result.status).toBe('FAILED');
      const record = await world.context.ledger.get<Parameters>('run', execution);
      expect(record?.value.state.failed_step).toBe(`Keep ${kind}`);
      expect(await world.context.ledger.list(kind)).toEqual([]);
    },
  );

  test('leaves what was finished to the next run', async () => {
    const world = new FakeSageMaker();
    world.failures.set('Train', [described('AlgorithmError: no')]);
    const request = await requestOf(world);
    await world.run(request);
    const { result, calls } = await world.run(request);
    expect([result.status, jobs(calls)]).toEqual(['SUCCEEDED', ['Train', 'Score candidate']]);
  });

  test('a model that cannot be deleted afterwards is no failure', async () => {
    const world = new FakeSageMaker();
    world.failures.set('Delete model: candidate', ['no permission']);
    expect((await world.run(await requestOf(world))).result.status).toBe('SUCCEEDED');
  });

  test('a function that fails is recorded too', async () => {
    const world = new FakeSageMaker();
    const request = await requestOf(world, '', { data: await dataOf(world, '') });
    const { execution, result } = await world.run(request);
    expect(result).toMatchObject({ status: 'FAILED', error: 'DataContractError' });
    const record = await world.context.ledger.get<Parameters>('run', execution);
    expect(record?.value).toMatchObject({ status: 'failed', state: { failed_step: 'Plan' } });
  });
});

describe('a call that the service refuses', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  /** The clock moves on as soon as the machine waits, or tries a call again. Returns the seconds of each wait. */
  function skipWaits(world: FakeSageMaker): number[] {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'Date', 'performance'] });
    const waits: number[] = [];
    const entered = new Map<string, number>();
    let now = 0;
    world.onEvent = ({ type, state = '' }) => {
      const waiting = type === 'StateEntered' && state.endsWith(': wait');
      if (waiting) entered.set(state, now);
      if (type === 'StateExited' && state.endsWith(': wait')) waits.push(now - (entered.get(state) ?? 0));
      if (!waiting && type !== 'TaskFailed') return;
      // A second at a time, until the machine goes on.
      const tick = () => {
        if (done) return;
        now += 30;
        jest.advanceTimersByTime(30_000);
        setImmediate(tick);
      };
      let done = false;
      const before = world.onEvent;
      world.onEvent = (next) => {
        done = true;
        world.onEvent = before;
        before(next);
      };
      setImmediate(tick);
    };
    return waits;
  }

  const refused = (name: string, message: string) => ({ name, message });
  const said = (text: string, code: string, status = 400) =>
    refused(
      'SageMaker.AmazonSageMakerException',
      `${text} (Service: AmazonSageMaker; Status Code: ${status}; Error Code: ${code}; Request ID: 1; Proxy: null)`,
    );
  const full =
    "The account-level service limit 'ml.m5.large for training job usage' is 2 Instances, with current utilization of 2 Instances";
  const quota = refused('SageMaker.ResourceLimitExceededException', full);

  test.each([
    ['Train', '', quota],
    ['Train', '', said(full, 'ResourceLimitExceeded')],
    ['Train', '', said('Rate exceeded', 'ThrottlingException')],
    ['Train', '', said('null', 'InternalFailure', 500)],
    ['Prepare', '', quota],
    ['Tune', tuned, quota],
    ['Create model: candidate', '', said('Rate exceeded', 'ThrottlingException')],
    ['Score candidate', '', quota],
  ])(
    '%s: waits longer each time while it is refused for the moment, under the same name: %#',
    async (state, settings, error) => {
      const world = new FakeSageMaker();
      world.refusedFirst.set(state, [error, error, error]);
      const waits = skipWaits(world);
      const run = await world.run(await requestOf(world, settings));
      expect(run.result.status).toBe('SUCCEEDED');
      expect(waits).toEqual([30, 60, 90]);
      expect(run.calls.filter((call) => call.state === state)).toHaveLength(4);
      const names = new Set(
        run.calls.filter((call) => call.state === state).map(({ parameters }) => JSON.stringify(parameters)),
      );
      expect(names.size).toBe(1);
    },
  );

  test('a quota that stays full fails the run after more than ten hours, with the words of SageMaker', async () => {
    const world = new FakeSageMaker();
    world.refusedFirst.set(
      'Train',
      Array.from({ length: 100 }, () => quota),
    );
    const waits = skipWaits(world);
    const { result } = await world.run(await requestOf(world));
    expect(result).toEqual({ status: 'FAILED', error: quota.name, cause: full });
    const hours = waits.reduce((sum, seconds) => sum + seconds, 0) / 3600;
    expect(hours).toBeGreaterThan(10);
    expect(hours).toBeLessThan(11);
    // Step Functions ends an execution at 25,000 events; three models may wait side by side.
    expect(waits.length).toBeLessThan(100);
  });

  test.each([
    said('Could not assume role', 'ValidationException'),
    said('Unsupported manifest media type application/vnd.oci.image.manifest.v1+json', 'ValidationException'),
    refused('SageMaker.ResourceLimitExceededException', full.replace('is 2', 'is 0')),
    refused('SageMaker.ResourceInUseException', 'the name is taken'),
  ])('for good ends the run at once: %#', async (error) => {
    for (const state of ['Train', 'Create model: candidate']) {
      const world = new FakeSageMaker();
      world.refusedFirst.set(state, [error, error]);
      const run = await world.run(await requestOf(world));
      expect(run.result).toMatchObject({
        status: 'FAILED',
        error: expect.stringContaining(error.name),
        cause: error.message,
      });
      expect(run.calls.filter((call) => call.state === state)).toHaveLength(1);
    }
  });

  test('a throttled description of the best trial is asked for again', async () => {
    const world = new FakeSageMaker();
    const throttled = refused(
      'SageMaker.SageMakerException',
      'Rate exceeded (Service: SageMaker, Status Code: 400)',
    );
    world.refusedFirst.set(
      'Describe best',
      Array.from({ length: 6 }, () => throttled),
    );
    skipWaits(world);
    expect((await world.run(await requestOf(world, tuned))).result.status).toBe('SUCCEEDED');
  });

  test('a search with parents that is throttled waits, and keeps its parents', async () => {
    const world = new FakeSageMaker();
    await world.run(await requestOf(world, tuned));
    world.refusedFirst.set('Tune warm', [said('Rate exceeded', 'ThrottlingException')]);
    skipWaits(world);
    const warm = tuned.replace('tuning:', 'tuning:\n  warm_start: true\n  max_jobs: 3');
    const { result, calls } = await world.run(await requestOf(world, warm));
    expect([result.status, jobs(calls)]).toEqual([
      'SUCCEEDED',
      ['Tune warm', 'Tune warm', 'Score candidate'],
    ]);
  });
});

/** Every state, those of branches too. */
function allStates(machine: StateMachine): [string, State][] {
  return Object.entries(machine.States).flatMap(([name, state]) => [
    [name, state] as [string, State],
    ...(state.Type === 'Parallel' ? state.Branches.flatMap(allStates) : []),
  ]);
}

/** Names of the states that can be come to from the start. */
function reached({ StartAt, States }: StateMachine): Set<string> {
  const found = new Set<string>();
  const visit = (name: string) => {
    const state = States[name];
    if (found.has(name) || state === undefined) return;
    found.add(name);
    if ('Next' in state) visit(state.Next);
    if ('Catch' in state) for (const { Next } of state.Catch ?? []) visit(Next);
    if (state.Type === 'Choice') for (const { Next } of state.Choices) visit(Next);
    if (state.Type === 'Choice' && state.Default !== undefined) visit(state.Default);
    if (state.Type === 'Parallel')
      for (const branch of state.Branches) for (const inner of reached(branch)) found.add(inner);
  };
  visit(StartAt);
  return found;
}

/** States of the jobs that were called, in order. */
const jobs = (calls: Run['calls']): string[] =>
  calls.filter(({ action }) => /^create.*Job$/.test(action)).map(({ state }) => state);

/** The names under which a job was called. */
const namesOf = (run: Run, state: string): string[] =>
  run.calls
    .filter((call) => call.state === state)
    .map(({ parameters }) => {
      const [, name] = Object.entries<string>(parameters).find(([key]) => key.endsWith('JobName')) ?? [];
      return name ?? '';
    });
