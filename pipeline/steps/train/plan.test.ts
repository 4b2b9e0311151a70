import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Request } from '../../machines/request.ts';
import type { StepContext } from '../context.ts';
import { dataOf, FakeSageMaker, requestOf, scriptOf, tuned } from './fake-sagemaker.fixture.ts';
import { dataVersion } from './inputs.ts';
import { plan as planOf } from './plan.ts';
import type { Plan } from './state.ts';

/** As the machine of the engine asked for calls it. */
const plan = (event: { execution: string; request: Request }, context: StepContext): Promise<Plan> => {
  const { config, images } = event.request;
  const machine = {
    arn: event.execution,
    mode: null,
    engine: config.prepare.engine,
    program: images.prepare,
  };
  return planOf({ ...event, ...machine }, context);
};

const world = new FakeSageMaker();
const { context } = world;
const planned = (request: Request) => plan({ execution: 'execution-1', request }, context);

describe('the fingerprint', () => {
  let fingerprint: string;
  beforeAll(async () => {
    ({ fingerprint } = await planned(await requestOf(world)));
  });

  test.each<[what: string, settings: string, changes: Partial<Request>]>([
    ['the name of the execution, and when it was', '', {}],
    ['the order of keys', 'training: { max_runtime: 1h }\nprepare: { max_runtime: 1h }', {}],
    ['a default that is written down', 'model: { channel: train, context: model }', {}],
    ['the policy of the gate', 'gate: { thresholds: { roc_auc: { min: 0.99 } } }', {}],
    ['a budget', 'budget: { max_run_usd: 1 }', {}],
    ['how the holdout is scored', 'inference: { batch: { payload_mb: 1 } }', {}],
    [
      'the words about the model',
      'model: { intended_use: Ranks., limits: [Not for this., Nor for that.] }',
      {},
    ],
    ['mode, trigger and commit', '', { mode: 'evaluate', promote: false }],
    ['the baseline', '', { baseline: 'small/7' }],
  ])('is the same for the same inputs, whatever %s', async (_what, settings, changes) => {
    expect((await planned(await requestOf(world, settings, changes))).fingerprint).toBe(fingerprint);
  });

  const inputs: [
    what: string,
    settings: string,
    changes?: () => Promise<Partial<Request>> | Partial<Request>,
  ][] = [
    ['model image', '', () => ({ images: { model: 'model@sha256:2', prepare: 'prepare@sha256:1' } })],
    ['prepare image', '', () => ({ images: { model: 'model@sha256:1', prepare: 'prepare@sha256:2' } })],
    ['data', '', async () => ({ data: await dataOf(world, 'x,y\n1,yes\n2,no\n') })],
    ['script', '', async () => ({ script: await scriptOf(world, '1') })],
    ['another script', '', async () => ({ script: await scriptOf(world, '2') })],
    ['seed', '', () => ({ seed: 1 })],
    ['hyperparameter', 'training: { hyperparameters: { C: 1 } }'],
    ['the value of a hyperparameter', 'training: { hyperparameters: { C: 2 } }'],
    ['the text of a hyperparameter', 'training: { hyperparameters: { C: 1.0 } }'],
    ['a long number', 'training: { hyperparameters: { C: 12345678901234567890 } }'],
    ['another long number', 'training: { hyperparameters: { C: 12345678901234567891 } }'],
    ['tuning', tuned],
    ['a warm start', tuned.replace('tuning:', 'tuning:\n  warm_start: true')],
    ['guidance', tuned.replace('tuning:', 'tuning:\n  guided: {}')],
    ['its random share', tuned.replace('tuning:', 'tuning:\n  guided: { share_random: 0.5 }')],
    ['a tuned range', tuned.replace('max: 1', 'max: 2')],
    ['the text of a tuned range', tuned.replace('max: 1', 'max: 1.0')],
    ['a tuned value', tuned.replace('{ min: 0.1, max: 1 }', '[1, 2]')],
    ['the text of a tuned value', tuned.replace('{ min: 0.1, max: 1 }', '[1.0, 2]')],
    ['layout of the training files', 'model: { csv: { header: true } }'],
    ['what the model answers', 'model: { output: label }'],
    ['channel', 'model: { channel: training }'],
  ];
  test('changes with every input', async () => {
    const found = await Promise.all(
      inputs.map(
        async ([, settings, changes]) =>
          (await planned(await requestOf(world, settings, await changes?.()))).fingerprint,
      ),
    );
    const names = inputs.map(([what]) => what);
    const same = found.flatMap((value, index) => {
      const twin = value === fingerprint ? 'nothing' : names[found.indexOf(value)];
      return twin === names[index] ? [] : [`${names[index]} = ${twin}`];
    });
    expect(same).toEqual([]);
  });

  test.each<[string, Partial<Request['config']['data']>]>([
    ['holdout', { holdout: 0.3 }],
    ['positive', { positive: 'no' }],
    ['row_id', { row_id: 'id' }],
    ['exclude', { exclude: ['z'] }],
    ['features_exclude', { features_exclude: ['z'] }],
    ['slices', { slices: ['z'] }],
  ])('and the key of prepared files change with data.%s', async (_what, changes) => {
    const data = await dataOf(world, 'id,x,z,y\na,1,1,yes\nb,2,2,no\n');
    const request = await requestOf(world, '', { data });
    const { config } = request;
    const other = { ...request, config: { ...config, data: { ...config.data, ...changes } } };
    const [before, after] = [await planned(request), await planned(other)];
    expect(after.fingerprint).not.toBe(before.fingerprint);
    expect(after.prepare.key).not.toBe(before.prepare.key);
  });

  test('is that of another project for another project: its rows are split otherwise', async () => {
    const other = new FakeSageMaker('other');
    const { fingerprint: theirs } = await plan(
      { execution: 'e', request: await requestOf(other) },
      other.context,
    );
    expect(theirs).not.toBe(fingerprint);
  });

  test('is of what the image is, wherever it comes from: a released copy is what was reviewed', async () => {
    const digest = `sha256:${'1'.repeat(64)}`;
    const of = async (repository: string, model: Partial<Request['config']['model']>) => {
      const request = await requestOf(world, '', {
        images: { model: `${repository}@${digest}`, prepare: 'prepare@sha256:1' },
      });
      const { config } = request;
      return (await planned({ ...request, config: { ...config, model: { ...config.model, ...model } } }))
        .fingerprint;
    };
    const reviewed = await of('host/candidate', { context: 'model' });
    expect(await of('host/release', { context: null, image: `host/release@${digest}` })).toBe(reviewed);
    expect(await of('host/candidate', { context: 'moved' })).toBe(reviewed);
  });

  test('leaves out what tuning searches: its own value is not used', async () => {
    const of = async (C: number) =>
      planned(
        await requestOf(
          world,
          tuned.replace('training: {', `training: { hyperparameters: { C: ${C}, other: 1 },`),
        ),
      );
    const [one, two] = [await of(0.2), await of(0.3)];
    expect(one.fingerprint).toBe(two.fingerprint);
    expect(one.train.hyperparameters).toEqual({ other: '1' });
  });
});

describe('reuse', () => {
  test('says what an earlier run has made, of the same inputs only', async () => {
    const own = new FakeSageMaker();
    const request = await requestOf(own);
    const before = await plan({ execution: 'e-1', request }, own.context);
    expect([before.prepare.reused, before.train.reused]).toEqual([false, false]);
    await own.run(request);
    const after = await plan({ execution: 'e-2', request }, own.context);
    expect([after.prepare.reused, after.train.reused]).toEqual([true, true]);
    const other = await requestOf(own, 'training: { hyperparameters: { C: 1 } }');
    const edited = await plan({ execution: 'e-3', request: other }, own.context);
    expect([edited.prepare.reused, edited.train.reused]).toEqual([true, false]);
  });

  test('the champion is compared with; where the candidate is the champion, the one before', async () => {
    const own = new FakeSageMaker();
    const of = (model: string) => requestOf(own, '', { images: { model, prepare: 'prepare@sha256:1' } });
    const compared = async (model: string) =>
      (await plan({ execution: 'e', request: await of(model) }, own.context)).champion;
    expect(await compared('model@sha256:1')).toMatchObject({ package: null, version: 0 });
    await own.run(await of('model@sha256:1'));
    expect(await compared('model@sha256:1')).toMatchObject({ package: null, version: 1 });
    expect(await compared('model@sha256:2')).toMatchObject({ package: 'small/1', version: 1 });
    await own.run(await of('model@sha256:2'));
    expect(await compared('model@sha256:2')).toMatchObject({ package: 'small/1', version: 2 });
    expect(await compared('model@sha256:1')).toMatchObject({ package: 'small/2', version: 2 });
  });
});

describe('what the jobs get', () => {
  test('prepare: the settings, the data and the script, each where the program looks for it', async () => {
    const script = await scriptOf(world, '1');
    const { prepare } = await planned(await requestOf(world, '', { script }));
    const inputs = prepare.inputs as { S3Input: { S3Uri: string; LocalPath: string } }[];
    const paths = inputs.map(({ S3Input }) => S3Input.LocalPath);
    expect(paths).toEqual(['config', 'data', 'script'].map((name) => `/opt/ml/processing/input/${name}`));
    const settings = JSON.parse(
      new TextDecoder().decode(await context.storage.read(inputs[0]?.S3Input.S3Uri ?? '')),
    );
    expect(settings).toMatchObject({
      problem: 'binary',
      format: 'csv',
      target: 'y',
      positive: 'yes',
      row_id: null,
      exclude: [],
      features_exclude: [],
      slices: [],
      holdout: 0.2,
      salt: 'small',
      content_type: 'text/csv',
      csv: { header: false, target: 'first' },
      source: 'data.csv',
    });
  });

  test('train: hyperparameters as text, and time for spot capacity to come', async () => {
    const { train } = await planned(
      await requestOf(
        world,
        'training: { spot: true, max_runtime: 30m, hyperparameters: { C: 0.5, deep: true, name: x } }',
      ),
    );
    expect(train.hyperparameters).toEqual({ C: '0.5', deep: 'true', name: 'x' });
    expect(train.spot).toBe(true);
    expect(train.stopping).toEqual({ MaxRuntimeInSeconds: 1800, MaxWaitTimeInSeconds: 3600 });
    expect(train.timeout).toBeGreaterThan(3600);
  });

  test('tune: ranges as the API has them', async () => {
    const settings = `training: { metrics: { auc: 'auc=([0-9.]+)' } }
tuning:
  strategy: random
  objective: { metric: auc, goal: minimize }
  max_jobs: 6
  parallel_jobs: 3
  ranges: { C: { min: 1e-1, max: 1.0, scale: logarithmic }, depth: { min: 1, max: 9, type: integer }, kind: [a, 2.0, 0x1F] }
`;
    const { train } = await planned(await requestOf(world, settings, { seed: 7 }));
    expect(train.tunes).toBe(true);
    expect(train.tuning).toEqual({
      Strategy: 'Random',
      HyperParameterTuningJobObjective: { Type: 'Minimize', MetricName: 'auc' },
      ResourceLimits: { MaxNumberOfTrainingJobs: 6, MaxParallelTrainingJobs: 3 },
      ParameterRanges: {
        IntegerParameterRanges: [{ Name: 'depth', MinValue: '1', MaxValue: '9', ScalingType: 'Linear' }],
        ContinuousParameterRanges: [
          { Name: 'C', MinValue: '1e-1', MaxValue: '1.0', ScalingType: 'Logarithmic' },
        ],
        CategoricalParameterRanges: [{ Name: 'kind', Values: ['a', '2.0', '0x1F'] }],
      },
      RandomSeed: 7,
    });
  });
});

test('data that breaks its contract stops the plan, every problem a line', async () => {
  const own = new FakeSageMaker();
  const request = await requestOf(own, '', { data: await dataOf(own, 'x,y\n1,yes\n2\n3,\n4,no\n') });
  const error = await plan({ execution: 'e', request }, own.context).catch(
    (thrown: Error) => thrown as Error,
  );
  expect((error as Error).name).toBe('DataContractError');
  expect((error as Error).message.split('\n')).toEqual([
    expect.stringContaining('data.csv: line 3: got 1 field, expected 2'),
    expect.stringContaining('data.csv: line 4: column y: got nothing'),
  ]);
});

describe('the data contract', () => {
  /** A storage that says an object is larger than it is, and counts what is read of it. */
  function of(bytes: number) {
    const { storage } = context;
    const read: string[] = [];
    const large: StepContext = {
      ...context,
      storage: {
        read: (uri) => storage.read(uri),
        write: (uri, content) => storage.write(uri, content),
        exists: (uri) => storage.exists(uri),
        describe: (uri) => storage.describe(uri),
        take: (from, to) => storage.take(from, to),
        listVersions: (prefix) => storage.listVersions(prefix),
        list: async (prefix) => (await storage.list(prefix)).map((object) => ({ ...object, bytes })),
        localFile: async (uri) => {
          read.push('whole');
          return await storage.localFile(uri);
        },
        readRange: async (uri, start, end) => {
          read.push(`${start}-${end}`);
          return await storage.readRange(uri, start, end);
        },
      },
    };
    return { read, large };
  }
  const otherData = async (content: string) =>
    await requestOf(world, '', { data: await dataOf(world, content) });
  const at = (request: Request, { large }: ReturnType<typeof of>) =>
    plan({ execution: 'execution-1', request }, large);

  test('is held to whole up to 200 MB, and beyond by the beginning of each file, which a note says', async () => {
    const request = await otherData('x,y\n1,yes\n2,no\n');
    const small = of(200_000_000);
    expect((await at(request, small)).notes).toEqual([]);
    expect(small.read).toEqual(['whole']);
    const large = of(200_000_001);
    expect((await at(request, large)).notes).toEqual([
      'The data are 201 MB: before the run only the start of each file was checked; the prepare job checked the rest.',
    ]);
    expect(large.read).toEqual(['0-4000000']);
  });

  test('is told of by what users call the file, wherever it lies', async () => {
    const request = await otherData('x,z\n1,yes\n');
    const message = /^data\.csv: data\.target: got "y", expected a column of the header/;
    for (const bytes of [10, 300_000_000]) await expect(at(request, of(bytes))).rejects.toThrow(message);
    await context.storage.write(`${request.data.uri}_SUCCESS`, '');
    await context.storage.write(`${request.data.uri}more/b.csv`, 'x,z\n1,yes\n');
    const version = await dataVersion(request.data.uri, context);
    await expect(
      at({ ...request, data: { ...request.data, source: 'rows', version } }, of(10)),
    ).rejects.toThrow('rows/data.csv: data.target');
  });
});
