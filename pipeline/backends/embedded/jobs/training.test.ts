import { readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { list } from 'tar';
import type { CreateTrainingJob } from './api.ts';
import { failedJob, failure, IMAGE, running, TestBed } from './image.fixture.ts';

function job(more: Partial<CreateTrainingJob> = {}): CreateTrainingJob {
  return {
    TrainingJobName: 'job-1',
    RoleArn: 'arn:aws:iam::000000000000:role/jobs',
    AlgorithmSpecification: {
      TrainingImage: IMAGE,
      TrainingInputMode: 'File',
      MetricDefinitions: [
        { Name: 'auc', Regex: 'auc=([0-9.]+);' },
        { Name: 'never', Regex: 'never=([0-9.]+);' },
        { Name: 'broken', Regex: 'broken=(\\S+);' },
      ],
    },
    HyperParameters: { C: '0.3' },
    InputDataConfig: [
      {
        ChannelName: 'train',
        DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://data/train' } },
        ContentType: 'text/csv',
      },
    ],
    OutputDataConfig: { S3OutputPath: 's3://out/models/' },
    ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 30 },
    StoppingCondition: { MaxRuntimeInSeconds: 60 },
    ...more,
  };
}

async function bed(train: string, waits = {}): Promise<TestBed> {
  const made = await TestBed.make({ train }, waits);
  await made.put('s3://data/train/a.csv', '1,2\n');
  await made.put('s3://data/train/deep/b.csv', '3,4\n');
  return made;
}

const reporting = `
write('output/seen.json', JSON.stringify({
  hyperparameters: JSON.parse(read('input/config/hyperparameters.json')),
  channels: JSON.parse(read('input/config/inputdataconfig.json')),
  resources: JSON.parse(read('input/config/resourceconfig.json')),
  data: fs.readdirSync(base + '/input/data/train', { recursive: true }).sort(),
  env: process.env,
}));
write('output/data/report.json', '{}');
console.log('auc=0.5; auc=0.7;');
console.error('auc=0.8; broken=x;');
`;

test('a training job gives its program the layout of /opt/ml and ends with its artifact and last metrics', async () => {
  await using it = await bed(reporting);
  const secret = 'AWS_SECRET_ACCESS_KEY';
  process.env[secret] = 'x';
  const described = await it.sagemaker.createTrainingJob(job({ Environment: { MINE: 'yes' } }), it.context);
  delete process.env[secret];
  expect(described).toMatchObject({
    TrainingJobName: 'job-1',
    TrainingJobArn: 'arn:aws:sagemaker:local:000000000000:training-job/job-1',
    TrainingJobStatus: 'Completed',
    SecondaryStatus: 'Completed',
    HyperParameters: { C: '0.3' },
    ModelArtifacts: { S3ModelArtifacts: 's3://out/models/job-1/output/model.tar.gz' },
  });
  expect(described.FinalMetricDataList.map(({ MetricName, Value }) => [MetricName, Value])).toEqual([
    ['auc', 0.8],
  ]);
  expect(it.notes).toEqual([
    'training.metrics.never has no value: no line that train printed has a number where "never=([0-9.]+);" looks for it',
    'training.metrics.broken has no value: no line that train printed has a number where "broken=(\\S+);" looks for it',
  ]);
  expect(described.BillableTimeInSeconds).toBe(described.TrainingTimeInSeconds);
  expect(Date.parse(described.TrainingEndTime)).toBeGreaterThanOrEqual(Date.parse(described.CreationTime));
  expect(await it.sagemaker.describeTrainingJob({ TrainingJobName: 'job-1' })).toEqual(described);
  expect(await it.stored()).toContain('out/models/job-1/output/output.tar.gz');

  const seen = JSON.parse(await it.file('training-job/job-1/ml/output/seen.json'));
  expect(seen.hyperparameters).toEqual({ C: '0.3' });
  expect(seen.channels).toEqual({
    train: {
      ContentType: 'text/csv',
      TrainingInputMode: 'File',
      S3DistributionType: 'FullyReplicated',
      RecordWrapperType: 'None',
    },
  });
  expect(seen.resources).toMatchObject({ current_host: 'algo-1', hosts: ['algo-1'] });
  expect(seen.data).toEqual(['a.csv', 'deep', 'deep/b.csv']);
  expect(seen.env).toMatchObject({
    MINE: 'yes',
    TRAINING_JOB_NAME: 'job-1',
    TRAINING_JOB_ARN: described.TrainingJobArn,
  });
  expect(seen.env).not.toHaveProperty(secret);
});

test('the same model gives the same archive, byte for byte, with sorted names and no owner', async () => {
  await using it = await bed(`write('model/@b', 'b'); write('model/a/c', 'c'); write('model/a.txt', 'a');`);
  for (const name of ['one', 'two'])
    await it.sagemaker.createTrainingJob(job({ TrainingJobName: name }), it.context);
  const [one, two] = ['one', 'two'].map((name) => it.path(`s3://out/models/${name}/output/model.tar.gz`)) as [
    string,
    string,
  ];
  expect((await readFile(one)).equals(await readFile(two))).toBe(true);
  const names: string[] = [];
  await list({
    file: one,
    onReadEntry: (entry) => {
      names.push(entry.path);
      expect(entry.uid ?? 0).toBe(0);
      expect(entry.mtime?.getTime() ?? 0).toBe(0);
    },
  });
  expect(names).toEqual(['./', './@b', './a/', './a.txt', './a/c']);
});

test('a failure file becomes the reason, its first 1,024 characters, with the exit code and the last log lines', async () => {
  await using it = await bed(
    `for (let i = 0; i < 30; i++) console.log('line ' + i); write('output/failure', 'no column C' + '.'.repeat(2000)); process.exitCode = 3;`,
  );
  const described = await failedJob(it.sagemaker.createTrainingJob(job(), it.context));
  expect(described).toMatchObject({ TrainingJobStatus: 'Failed', SecondaryStatus: 'Failed' });
  expect(described.FailureReason).toMatch(/^AlgorithmError: no column C\.+/);
  expect((described.FailureReason as string).length).toBe(1024);
  expect(described.LogTail).toEqual(Array.from({ length: 20 }, (_, i) => `line ${i + 10}`));
  expect(await it.stored()).not.toContain('out/models/job-1/output/model.tar.gz');
  expect(await it.json('training-job/job-1/describe.json')).toEqual(described);
  const asAws = await it.sagemaker.describeTrainingJob({ TrainingJobName: 'job-1' });
  expect(asAws).not.toHaveProperty('LogTail');
});

test('checkpoints of an interrupted job are in the folder of the next, and without a configuration there is none', async () => {
  await using it = await bed(
    `const at = base + '/checkpoints/epoch';
    const epoch = fs.existsSync(at) ? Number(read('checkpoints/epoch')) : 0;
    write('checkpoints/epoch', String(epoch + 1));
    console.log('from epoch ' + epoch + ' ' + JSON.stringify(JSON.parse(read('input/config/checkpointconfig.json'))));
    if (epoch === 0) process.exit(1);`,
  );
  const resumed = (TrainingJobName: string) =>
    job({
      TrainingJobName,
      CheckpointConfig: { S3Uri: 's3://out/checkpoints/run', LocalPath: '/opt/ml/checkpoints' },
    });
  await failedJob(it.sagemaker.createTrainingJob(resumed('first'), it.context));
  expect(await it.stored()).toContain('out/checkpoints/run/epoch');
  await it.sagemaker.createTrainingJob(resumed('second'), it.context);
  expect(await it.file('training-job/second/log.txt')).toContain(
    'from epoch 1 {"LocalPath":"/opt/ml/checkpoints"}',
  );
  const without = await failedJob(
    it.sagemaker.createTrainingJob(job({ TrainingJobName: 'third' }), it.context),
  );
  expect(without.FailureReason).toContain('AlgorithmError');
});

test('without a failure file the reason is the exit code, 128 and the signal where one ended the program', async () => {
  await using it = await bed(
    `if (read('input/config/hyperparameters.json').includes('kill')) process.kill(process.pid, 'SIGKILL'); process.exit(1);`,
  );
  const exited = await failedJob(it.sagemaker.createTrainingJob(job(), it.context));
  expect(exited.FailureReason).toBe('AlgorithmError: , exit code: 1');
  const killed = await failedJob(
    it.sagemaker.createTrainingJob(
      job({ TrainingJobName: 'killed', HyperParameters: { kill: '1' } }),
      it.context,
    ),
  );
  expect(killed.FailureReason).toBe('AlgorithmError: , exit code: 137');
});

test('at its max runtime a job gets SIGTERM, keeps what it saves then, and ends as stopped', async () => {
  await using it = await bed(
    `process.on('SIGTERM', () => { write('model/saved', 'half'); process.exit(0); }); forever();`,
  );
  const described = await failedJob(
    it.sagemaker.createTrainingJob(job({ StoppingCondition: { MaxRuntimeInSeconds: 1 } }), it.context),
  );
  expect(described).toMatchObject({
    TrainingJobStatus: 'Stopped',
    SecondaryStatus: 'MaxRuntimeExceeded',
    ModelArtifacts: { S3ModelArtifacts: 's3://out/models/job-1/output/model.tar.gz' },
  });
  expect(await it.stored()).toContain('out/models/job-1/output/model.tar.gz');
});

test('a program that ignores SIGTERM is killed after the grace, with its children', async () => {
  await using it = await bed(
    `process.on('SIGTERM', () => {});
     const child = spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"]);
     console.log('pids ' + process.pid + ' ' + child.pid); forever();`,
    { stop: 0.2 },
  );
  const described = await failedJob(
    it.sagemaker.createTrainingJob(job({ StoppingCondition: { MaxRuntimeInSeconds: 1 } }), it.context),
  );
  expect(described.SecondaryStatus).toBe('MaxRuntimeExceeded');
  const pids = (await it.logged('training-job/job-1', /pids .*/)).split(' ').slice(1).map(Number);
  expect(pids).toHaveLength(2);
  expect(await running(pids)).toEqual([]);
});

test('abort ends a program that ignores the SIGTERM of its max runtime, without the grace that it had', async () => {
  await using it = await bed(
    `process.on('SIGTERM', () => console.log('no')); console.log('pid ' + process.pid); forever();`,
    { stop: 600, abort: 0.1 },
  );
  const call = failure(
    it.sagemaker.createTrainingJob(job({ StoppingCondition: { MaxRuntimeInSeconds: 1 } }), it.context),
  );
  await it.logged('training-job/job-1', /^no$/m);
  it.abort();
  expect((await call).name).toBe('AbortError');
  expect(await running([Number(await it.logged('training-job/job-1', /(?<=pid )\d+/))])).toEqual([]);
});

test('abort ends the program and its children, and the job as stopped', async () => {
  await using it = await bed(
    `const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
     console.log('pids ' + process.pid + ' ' + child.pid); forever();`,
  );
  const call = failure(it.sagemaker.createTrainingJob(job(), it.context));
  const pids = (await it.logged('training-job/job-1', /pids .*/)).split(' ').slice(1).map(Number);
  it.abort();
  expect((await call).name).toBe('AbortError');
  expect(await running(pids)).toEqual([]);
  expect(await it.json('training-job/job-1/describe.json')).toMatchObject({ TrainingJobStatus: 'Stopped' });
});

test('a child that outlives its program is ended with the job', async () => {
  await using it = await bed(
    `const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
     child.unref(); console.log('pid ' + child.pid);`,
  );
  await it.sagemaker.createTrainingJob(job(), it.context);
  const pid = Number((await it.logged('training-job/job-1', /pid .*/)).slice(4));
  expect(await running([pid])).toEqual([]);
});

test('a name is taken for ever, after a failure too', async () => {
  await using it = await bed('process.exit(1)');
  await failedJob(it.sagemaker.createTrainingJob(job(), it.context));
  const error = await failure(it.sagemaker.createTrainingJob(job(), it.context));
  expect(error.name).toBe('SageMaker.ResourceInUseException');
  expect(error.message).toContain('training-job/job-1');
});

test('what the service would refuse is refused before anything begins, every fault named', async () => {
  await using it = await bed('');
  const refused = async (params: unknown) => {
    const error = await failure(it.sagemaker.createTrainingJob(params as CreateTrainingJob, it.context));
    expect(error.name).toBe('SageMaker.ValidationException');
    return error.message;
  };
  const message = await refused({ ...job(), HyperParameters: { C: 0.3 }, TrainingJobName: 'a_b' });
  expect(message).toMatch(/HyperParameters\.C: .*expected string, received number/);
  expect(message).toMatch(/TrainingJobName: /);
  expect(await refused({ ...job(), HyperParameter: {} })).toContain('HyperParameter');
  const spec = job().AlgorithmSpecification;
  const withRegex = (Regex: string) =>
    job({ AlgorithmSpecification: { ...spec, MetricDefinitions: [{ Name: 'auc', Regex }] } });
  expect(await refused(withRegex('auc=([0-9'))).toContain('MetricDefinitions: auc: "auc=([0-9"');
  expect(await refused(withRegex('auc=[0-9]+'))).toContain('expected a group');
  expect(
    await refused(job({ AlgorithmSpecification: { ...spec, TrainingInputMode: 'Pipe' as 'File' } })),
  ).toMatch(/TrainingInputMode: .*Pipe/);
  expect(await failure(it.sagemaker.describeTrainingJob({ TrainingJobName: 'job-1' }))).toMatchObject({
    name: 'SageMaker.ResourceNotFoundException',
  });
});

test('missing data, a missing image and a missing program are failures that say so', async () => {
  await using it = await bed('');
  const spec = job().AlgorithmSpecification;
  const noData = job({ TrainingJobName: 'no-data' });
  noData.InputDataConfig = noData.InputDataConfig?.map((channel) => ({
    ...channel,
    DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://data/nothing/' } },
  }));
  expect((await failedJob(it.sagemaker.createTrainingJob(noData, it.context))).FailureReason).toMatch(
    /^ClientError: Data download failed: .*s3:\/\/data\/nothing\//,
  );
  const noImage = job({ AlgorithmSpecification: { ...spec, TrainingImage: 'other' } });
  expect((await failedJob(it.sagemaker.createTrainingJob(noImage, it.context))).FailureReason).toBe(
    'ClientError: image other: no such image',
  );
  await using empty = await TestBed.make({});
  const noProgram = job({ InputDataConfig: [] });
  expect((await failedJob(empty.sagemaker.createTrainingJob(noProgram, empty.context))).FailureReason).toBe(
    `ClientError: image ${IMAGE} cannot start train: no program train`,
  );
});

test('a prefix means what it means to S3, in either form of the location', async () => {
  await using it = await bed(
    `console.log('data ' + fs.readdirSync(base + '/input/data/train', { recursive: true }).sort().join(' '));`,
  );
  await it.put('s3://data/train2.csv', '');
  await it.put('s3://data/train2.csv.0.draft', '');
  const data = async (name: string, S3Uri: string) => {
    const params = job({ TrainingJobName: name });
    params.InputDataConfig = params.InputDataConfig?.map((channel) => ({
      ...channel,
      DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri } },
    }));
    await it.sagemaker.createTrainingJob(params, it.context);
    return await it.logged(`training-job/${name}`, /(?<=data ).*/);
  };
  expect(await data('prefix', 's3://data/train')).toBe('a.csv deep deep/b.csv train2.csv');
  expect(await data('folder', 'https://s3.eu-west-1.amazonaws.com/data/train/')).toBe(
    'a.csv deep deep/b.csv',
  );
  expect(await data('object', 's3://data/train/a.csv')).toBe('a.csv');
});
