import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { list } from 'tar';
import type { CreateProcessingJob, CreateTrainingJob, CreateTransformJob } from './api.ts';
import { failedJob, IMAGE, TestBed } from './image.fixture.ts';
import { leftFiles, removeTree } from './left-files.ts';

/** A folder of the user outside the job, with a file that no job may remove, pack or tell of. */
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'home-'));
  await mkdir(join(home, 'data'));
  await writeFile(join(home, 'data/key'), 'the private key');
});
afterEach(async () => {
  expect(await readFile(join(home, 'data/key'), 'utf8')).toBe('the private key');
  await rm(home, { recursive: true });
});

const training: CreateTrainingJob = {
  TrainingJobName: 'job-1',
  RoleArn: 'arn:aws:iam::000000000000:role/jobs',
  AlgorithmSpecification: { TrainingImage: IMAGE, TrainingInputMode: 'File' },
  InputDataConfig: [
    {
      ChannelName: 'train',
      DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://data/train' } },
    },
  ],
  OutputDataConfig: { S3OutputPath: 's3://out/models/' },
  ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 1 },
  StoppingCondition: { MaxRuntimeInSeconds: 60 },
};

const processing: CreateProcessingJob = {
  ProcessingJobName: 'prepare-1',
  AppSpecification: { ImageUri: IMAGE, ContainerEntrypoint: ['prepare'] },
  ProcessingOutputConfig: {
    Outputs: [
      {
        OutputName: 'o',
        S3Output: { S3Uri: 's3://out/p', LocalPath: '/opt/ml/processing/output', S3UploadMode: 'EndOfJob' },
      },
    ],
  },
} as CreateProcessingJob;

/** Everything that is stored of the jobs, as one text. */
async function kept(bed: TestBed): Promise<string> {
  const texts = (await bed.stored()).map((path) => readFile(bed.path(`s3://${path}`), 'latin1'));
  return (await Promise.all(texts)).join('\n');
}

async function trains(script: string): Promise<{ bed: TestBed; job: Record<string, unknown> }> {
  const bed = await TestBed.make({ train: `const home = ${JSON.stringify(home)};\n${script}` });
  await bed.put('s3://data/train/a.csv', '1,2\n');
  const job = await bed.sagemaker
    .createTrainingJob(training, bed.context)
    .then((described) => described as unknown as Record<string, unknown>)
    .catch((error: Error) => JSON.parse(error.message) as Record<string, unknown>);
  return { bed, job };
}

const command = (...words: string[]) =>
  `spawnSync(${JSON.stringify(words[0])}, ${JSON.stringify(words.slice(1))}.map((word) => word.replace('BASE', base)));`;
const withSpawn = (script: string) => `import { spawnSync } from 'node:child_process';\n${script}`;
const replaced = (path: string, to: string) =>
  `fs.rmSync(base + '/${path}', { recursive: true, force: true }); fs.symlinkSync(home + '${to}', base + '/${path}');`;
const bad = (path: string) => `fs.rmSync(base + '/${path}', { recursive: true, force: true });`;

test.each([
  ['the input folder', replaced('input', ''), '/opt/ml/input: found a symbolic link, expected a folder'],
  ['the model folder', replaced('model', '/data'), '/opt/ml/model: found a symbolic link, expected a folder'],
  [
    'a file of the model',
    `write('model/m', '1'); fs.symlinkSync(home + '/data/key', base + '/model/key');`,
    '/opt/ml/model/key: found a symbolic link, expected regular files and folders only',
  ],
  [
    'a folder of the model',
    `fs.symlinkSync(home + '/data', base + '/model/deep');`,
    '/opt/ml/model/deep: found a symbolic link',
  ],
  ['the output folder', replaced('output', ''), '/opt/ml/output: found a symbolic link, expected a folder'],
  [
    'the failure file',
    `fs.symlinkSync(home + '/data/key', base + '/output/failure'); process.exitCode = 1;`,
    '/opt/ml/output/failure: found a symbolic link, expected a regular file',
  ],
  [
    'the folder of the failure file',
    `fs.writeFileSync(home + '/failure', 'the private key'); ${replaced('output', '')} process.exitCode = 1;`,
    '/opt/ml/output: found a symbolic link, expected a folder',
  ],
])('a link in place of %s leads nowhere', async (_, script, reason) => {
  const { bed, job } = await trains(script);
  await using _bed = bed;
  expect(job.TrainingJobStatus).toBe('Failed');
  expect(job.FailureReason).toContain(`AlgorithmError: ${reason}`);
  expect(JSON.stringify(job)).not.toContain('private key');
  expect(await kept(bed)).not.toContain('private key');
});

test('a link in place of the training data itself is removed, and not what it leads to', async () => {
  const { bed, job } = await trains(replaced('input/data', '/data'));
  await using _bed = bed;
  expect(job.TrainingJobStatus).toBe('Completed');
  expect(existsSync(join(home, 'data/key'))).toBe(true);
});

test.each([
  ['a FIFO', withSpawn(command('mkfifo', 'BASE/model/pipe')), '/opt/ml/model/pipe: found a FIFO'],
  [
    'a FIFO as failure file',
    withSpawn(`${command('mkfifo', 'BASE/output/failure')} process.exitCode = 1;`),
    '/opt/ml/output/failure: found a FIFO, expected a regular file',
  ],
  [
    'a file as folder',
    `${bad('model')} write('model', '1');`,
    '/opt/ml/model: found a file, expected a folder',
  ],
  [
    'a folder as failure file',
    `fs.mkdirSync(base + '/output/failure'); process.exitCode = 1;`,
    '/opt/ml/output/failure: found a folder, expected a regular file',
  ],
  [
    'a socket',
    `import * as net from 'node:net';
    net.createServer().listen(base + '/model/s', () => process.kill(process.pid, 'SIGKILL'));`,
    'exit code: 137',
  ],
  [
    'a file of holes',
    `write('model/m', ''); fs.truncateSync(base + '/model/m', 2 ** 40);`,
    '/opt/ml/model/m: found a sparse file of 1099511627776 bytes with 0 on the disk',
  ],
  [
    'folders in folders',
    `for (let i = 0; i < 150; i++) { fs.mkdirSync('d'.padEnd(100, 'x')); process.chdir('d'.padEnd(100, 'x')); }`.replace(
      /^/,
      `process.chdir(base + '/model');`,
    ),
    '/opt/ml/model: found folders deeper than 100, or a path of more than 1600 characters: write a flatter tree',
  ],
])('%s fails the job with its place, and nothing hangs', async (_, script, reason) => {
  const { bed, job } = await trains(script);
  await using _bed = bed;
  expect(job.TrainingJobStatus).toBe('Failed');
  expect(job.FailureReason).toContain(reason);
});

test('hard links are packed as files', async () => {
  const { bed, job } = await trains(
    `write('model/a', 'same'); fs.linkSync(base + '/model/a', base + '/model/b');`,
  );
  await using _bed = bed;
  expect(job.TrainingJobStatus).toBe('Completed');
  const types: string[] = [];
  await list({
    file: bed.path('s3://out/models/job-1/output/model.tar.gz'),
    onReadEntry: (entry) => void types.push(`${entry.path} ${entry.type}`),
  });
  expect(types).toEqual(['./ Directory', './a File', './b File']);
});

test('a processing job hands on no file of this machine, and removes none', async () => {
  await using it = await TestBed.make({
    prepare: `const home = ${JSON.stringify(home)}; ${replaced('processing/output', '/data')}`,
  });
  const job = await failedJob(it.sagemaker.createProcessingJob(processing, it.context));
  expect(job.FailureReason).toContain('/opt/ml/processing/output: found a symbolic link, expected a folder');
  expect(await kept(it)).not.toContain('private key');
});

test('a message file that is a link is not read', async () => {
  await using it = await TestBed.make({
    prepare: `fs.symlinkSync(${JSON.stringify(join(home, 'data/key'))}, base + '/output/message');`,
  });
  const job = await failedJob(it.sagemaker.createProcessingJob(processing, it.context));
  expect(job.FailureReason).toContain('/opt/ml/output/message: found a symbolic link');
  expect(JSON.stringify(job)).not.toContain('private key');
});

test('a model archive with a link is refused, and its server may not leave one', async () => {
  await using it = await TestBed.make({
    serve: `const home = ${JSON.stringify(home)}; ${replaced('model', '/data')} serve(() => '1\\n');`,
  });
  await it.put('s3://in/a.csv', '1\n');
  const transform = (name: string): CreateTransformJob => ({
    TransformJobName: name,
    ModelName: 'm',
    TransformInput: {
      DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://in/a.csv' } },
      ContentType: 'text/csv',
      SplitType: 'Line',
    },
    TransformOutput: { S3OutputPath: 's3://scores', AssembleWith: 'Line' },
    TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 1 },
  });
  const model = join(home, 'model');
  await mkdir(model);
  await writeFile(join(model, 'weights'), '1');
  const archive = it.path('s3://models/m.tar.gz');
  await it.put('s3://models/m.tar.gz', '');
  execFileSync('tar', ['-C', model, '-czf', archive, '.']);
  await it.sagemaker.createModel({
    ModelName: 'm',
    ExecutionRoleArn: 'arn:aws:iam::000000000000:role/jobs',
    PrimaryContainer: { Image: IMAGE, ModelDataUrl: 's3://models/m.tar.gz' },
  });
  // The server has made its folder a link to the user's: only the link goes.
  expect((await it.sagemaker.createTransformJob(transform('t-1'), it.context)).TransformJobStatus).toBe(
    'Completed',
  );
  expect(await readdir(join(home, 'data'))).toEqual(['key']);

  await symlink(join(home, 'data/key'), join(model, 'key'));
  execFileSync('tar', ['-C', model, '-czf', archive, '.']);
  const job = await failedJob(it.sagemaker.createTransformJob(transform('t-2'), it.context));
  expect(job.FailureReason).toContain('"./key" is a SymbolicLink: expected regular files and folders only');
});

test('a tree that is deeper than a path can name, or closed to its owner, is removed', async () => {
  const root = join(home, 'tree');
  execFileSync('python3', [
    '-c',
    `import os, sys
os.mkdir(sys.argv[1]); os.chdir(sys.argv[1])
for _ in range(300):
    os.mkdir("x" * 100); os.chdir("x" * 100)
open("file", "w").close()
os.chmod(".", 0)`,
    root,
  ]);
  await removeTree(root);
  expect(existsSync(root)).toBe(false);
});

test('more files than are kept are told, and those that are kept are found with their sizes', async () => {
  await mkdir(join(home, 'model/deep'), { recursive: true });
  await writeFile(join(home, 'model/b'), '12');
  await writeFile(join(home, 'model/deep/a'), '1');
  const found = await leftFiles(home, 'model', 1);
  expect(found?.folders).toEqual(['deep']);
  expect(found?.files.map(({ name, bytes }) => [name, bytes])).toEqual([
    ['b', 2],
    ['deep/a', 1],
  ]);
  expect(await leftFiles(home, 'none', 1)).toBeNull();
  await expect(leftFiles(home, 'model', 2 / 2 ** 30)).rejects.toThrow(
    'AlgorithmError: /opt/ml/model: found more than 1.862645149230957e-9 GB: raise instance.volume_gb of its step',
  );
});
