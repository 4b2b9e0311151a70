import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { manifestOf } from '../../../steps/train/job-parameters.ts';
import type { CreateProcessingJob } from './api.ts';
import { failedJob, failure, IMAGE, running, TestBed } from './image.fixture.ts';

function job(more: Partial<CreateProcessingJob> = {}): CreateProcessingJob {
  return {
    ProcessingJobName: 'prepare-1',
    AppSpecification: {
      ImageUri: IMAGE,
      ContainerEntrypoint: ['/usr/bin/prepare', '--fast'],
      ContainerArguments: ['now'],
    },
    ProcessingInputs: [
      {
        InputName: 'data',
        S3Input: {
          S3Uri: 's3://data/raw.csv',
          LocalPath: '/opt/ml/processing/input/data',
          S3DataType: 'S3Prefix',
          S3InputMode: 'File',
        },
      },
    ],
    ProcessingOutputConfig: {
      Outputs: [
        {
          OutputName: 'prepared',
          S3Output: {
            S3Uri: 's3://out/prepared',
            LocalPath: '/opt/ml/processing/output',
            S3UploadMode: 'EndOfJob',
          },
        },
      ],
    },
    ProcessingResources: {
      ClusterConfig: { InstanceCount: 1, InstanceType: 'ml.m5.large', VolumeSizeInGB: 30 },
    },
    StoppingCondition: { MaxRuntimeInSeconds: 60 },
    Environment: { MINE: 'yes' },
    RoleArn: 'arn:aws:iam::000000000000:role/jobs',
    ...more,
  };
}

async function bed(prepare: string): Promise<TestBed> {
  const made = await TestBed.make({ prepare });
  await made.put('s3://data/raw.csv', 'a,b\n');
  return made;
}

test('an output that has a second name is stored by itself', async () => {
  await using it = await bed(`
    write('processing/output/a.csv', 'before');
    fs.linkSync(base + '/processing/output/a.csv', process.env.OTHER);`);
  const other = join(it.path('s3://out'), '..', 'other.csv');
  await it.sagemaker.createProcessingJob(job({ Environment: { OTHER: other } }), it.context);
  await writeFile(other, 'after');
  expect(await it.get('s3://out/prepared/a.csv')).toBe('before');
});

test('a processing job copies its inputs in and its outputs out, and keeps its exit message', async () => {
  await using it = await bed(`
    write('processing/output/train/train.csv', read('processing/input/data/raw.csv') + process.argv.slice(2) + process.env.MINE);
    write('processing/output/job.json', read('config/processingjobconfig.json'));
    write('output/message', '2 rows');
    console.log(read('config/resourceconfig.json'));`);
  const described = await it.sagemaker.createProcessingJob(job(), it.context);
  expect(described).toMatchObject({
    ProcessingJobName: 'prepare-1',
    ProcessingJobStatus: 'Completed',
    ExitMessage: '2 rows',
    ProcessingOutputConfig: { Outputs: [{ S3Output: { S3Uri: 's3://out/prepared' } }] },
  });
  expect(await it.stored()).toEqual([
    'data/raw.csv',
    'out/prepared/job.json',
    'out/prepared/train/train.csv',
  ]);
  expect(await it.get('s3://out/prepared/train/train.csv')).toBe('a,b\n--fast,nowyes');
  expect(JSON.parse(await it.get('s3://out/prepared/job.json'))).toEqual({
    ProcessingJobArn: described.ProcessingJobArn,
    ...job(),
  });
  expect(await it.file('processing-job/prepare-1/log.txt')).toContain('"algo-1"');
});

test('a manifest names exactly the objects that a job gets', async () => {
  await using it = await bed(`
    const { readdirSync } = await import('node:fs');
    const found = readdirSync(process.env.SAGEMAKER_BASE_DIR + '/processing/input/data', { recursive: true });
    write('processing/output/found.txt', found.sort().join(' '));`);
  for (const name of ['release=1/a', 'release=2/a', 'release=2/b', 'release=22/a'])
    await it.put(`s3://data/p/${name}`, name);
  const listed = (text: string) => it.put('s3://data/list.json', text);
  const run = (name: string) =>
    it.sagemaker.createProcessingJob(
      job({
        ProcessingJobName: name,
        ProcessingInputs: [
          {
            InputName: 'data',
            S3Input: {
              S3Uri: 's3://data/list.json',
              LocalPath: '/opt/ml/processing/input/data',
              S3DataType: 'ManifestFile',
            },
          },
        ],
      }),
      it.context,
    );
  await listed(manifestOf('s3://data/p/', ['release=1/a', 'release=2/b']));
  await run('listed');
  expect(await it.get('s3://out/prepared/found.txt')).toBe('release=1 release=1/a release=2 release=2/b');
  for (const [text, why] of [
    [manifestOf('s3://data/p/', ['release=3/a']), 'no S3 object s3://data/p/release=3/a'],
    [manifestOf('s3://data/p/', []), 'expected a JSON list: an object with a prefix, then at least one key'],
    [manifestOf('s3://data/p/', ['../raw.csv']), 'got "../raw.csv", expected the rest of a key'],
    ['{', 'expected a JSON list'],
  ] as const) {
    await listed(text);
    expect((await failedJob(run(`refused-${why.length}-${text.length}`))).FailureReason).toContain(why);
  }
});

test('a program cannot change the stored input through its copy', async () => {
  await using it = await bed(`write('processing/input/data/raw.csv', 'changed');`);
  await it.sagemaker.createProcessingJob(job(), it.context);
  expect(await it.get('s3://data/raw.csv')).toBe('a,b\n');
});

test('a failed job says its message, and writes no output', async () => {
  await using it = await bed(`
    write('processing/output/half.csv', '');
    write('output/message', 'DataContractError: no column Attrition');
    console.error('looked'); process.exit(1);`);
  const described = await failedJob(it.sagemaker.createProcessingJob(job(), it.context));
  expect(described).toMatchObject({
    ProcessingJobStatus: 'Failed',
    ExitMessage: 'DataContractError: no column Attrition',
    FailureReason: 'AlgorithmError: DataContractError: no column Attrition, exit code: 1',
    LogTail: ['looked'],
  });
  expect(await it.stored()).toEqual(['data/raw.csv']);
});

test('a job over its max runtime is stopped, without output', async () => {
  await using it = await bed(`write('processing/output/half.csv', ''); forever();`);
  const described = await failedJob(
    it.sagemaker.createProcessingJob(job({ StoppingCondition: { MaxRuntimeInSeconds: 1 } }), it.context),
  );
  expect(described.ProcessingJobStatus).toBe('Stopped');
  expect(await it.stored()).toEqual(['data/raw.csv']);
});

test('abort leaves no process and a stopped job', async () => {
  await using it = await bed(`console.log('pid ' + process.pid); forever();`);
  const call = failure(it.sagemaker.createProcessingJob(job(), it.context));
  const pid = Number(await it.logged('processing-job/prepare-1', /(?<=pid )\d+/));
  it.abort();
  expect((await call).name).toBe('AbortError');
  expect(await running([pid])).toEqual([]);
  expect(await it.json('processing-job/prepare-1/describe.json')).toMatchObject({
    ProcessingJobStatus: 'Stopped',
  });
});

test('paths that leave /opt/ml/processing and other programs are refused', async () => {
  await using it = await bed('');
  const refused = async (params: CreateProcessingJob) => {
    const error = await failure(it.sagemaker.createProcessingJob(params, it.context));
    expect(error.name).toBe('SageMaker.ValidationException');
    return error.message;
  };
  for (const LocalPath of [
    '/etc',
    '/opt/ml/processing/../model',
    '/opt/ml/processing/a/..',
    '/opt/ml/processing',
  ]) {
    const input = { S3Uri: 's3://data/raw.csv', LocalPath, S3DataType: 'S3Prefix' as const };
    expect(await refused(job({ ProcessingInputs: [{ InputName: 'x', S3Input: input }] }))).toContain(
      'ProcessingInputs.0.S3Input.LocalPath: expected a folder under /opt/ml/processing',
    );
  }
  expect(
    await refused(job({ AppSpecification: { ImageUri: IMAGE, ContainerEntrypoint: ['python3', 'x.py'] } })),
  ).toContain('expected the program prepare, found python3');
});
