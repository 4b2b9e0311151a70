import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, jest, test } from '@jest/globals';
import { docker, importBase, startDocker } from '../../../image/docker.fixture.ts';
import { ImageStore } from '../images/image-store.ts';
import { temporaryFolder, writeFiles } from '../images/python-context.fixture.ts';
import { EmbeddedSageMaker } from './embedded-sagemaker.ts';

/*
 * A container may leave links to this machine's files in /opt/ml, and worse: this machine deletes, packs and reads nothing of
 * its own because of them. left-files.test.ts has the same and more with processes.
 */

jest.setTimeout(120_000);
await startDocker();
importBase('mlops-test/base:1');

const context = temporaryFolder();
await writeFiles(context, {
  Dockerfile: 'FROM mlops-test/base:1\nENTRYPOINT ["/bin/sh", "-c", "eval \\"$ATTACK\\""]\n',
});

let folder: string;
let home: string;
let runs = 0;

beforeEach(async () => {
  folder = temporaryFolder();
  home = join(folder, 'home');
  await mkdir(join(home, 'data'), { recursive: true });
  await writeFile(join(home, 'data/key'), 'the private key');
  await writeFiles(folder, { 's3/data/a.csv': '1,2\n' });
});

/** Trains with a shell script in which HOME is the user's folder on this machine; returns the job's description. */
async function train(attack: string): Promise<Record<string, unknown>> {
  const store = new ImageStore(join(folder, 'images'), { containers: true });
  const image = await store.add(context, 'model');
  const sagemaker = new EmbeddedSageMaker({
    root: join(folder, 'jobs'),
    resolve: (uri) => join(folder, 's3', uri.replace('s3://', '')),
    image: (uri) => store.open(uri),
    cores: 1,
    waits: { abort: 1 },
  });
  runs += 1;
  const job = sagemaker.createTrainingJob(
    {
      TrainingJobName: `job-${runs}`,
      RoleArn: 'arn:aws:iam::000000000000:role/jobs',
      AlgorithmSpecification: { TrainingImage: image, TrainingInputMode: 'File' },
      InputDataConfig: [
        {
          ChannelName: 'train',
          DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://data/a.csv' } },
        },
      ],
      Environment: { ATTACK: attack, HOME: home },
      OutputDataConfig: { S3OutputPath: 's3://out' },
      ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 1 },
      StoppingCondition: { MaxRuntimeInSeconds: 60 },
    },
    { signal: new AbortController().signal, progress: () => {} },
  );
  return await job
    .then((described) => described as unknown as Record<string, unknown>)
    .catch((error: Error) => JSON.parse(error.message) as Record<string, unknown>);
}

async function kept(): Promise<string> {
  const files = await readdir(join(folder, 's3'), { recursive: true, withFileTypes: true });
  const texts = files
    .filter((file) => file.isFile())
    .map((file) => readFile(join(file.parentPath, file.name)));
  return (await Promise.all(texts)).map((text) => text.toString('latin1')).join('\n');
}

test.each([
  ['input', 'rm -r /opt/ml/input && ln -s $HOME /opt/ml/input', '/opt/ml/input: found a symbolic link'],
  ['model', 'rm -r /opt/ml/model && ln -s $HOME/data /opt/ml/model', '/opt/ml/model: found a symbolic link'],
  [
    'a file of the model',
    'ln -s $HOME/data/key /opt/ml/model/key',
    '/opt/ml/model/key: found a symbolic link',
  ],
  ['output', 'rm -r /opt/ml/output && ln -s $HOME /opt/ml/output', '/opt/ml/output: found a symbolic link'],
  [
    'the failure file',
    'ln -s $HOME/data/key /opt/ml/output/failure; exit 1',
    '/opt/ml/output/failure: found a symbolic link',
  ],
  ['a FIFO as failure file', 'mkfifo /opt/ml/output/failure; exit 1', '/opt/ml/output/failure: found a FIFO'],
  ['a FIFO in the model', 'mkfifo /opt/ml/model/pipe', '/opt/ml/model/pipe: found a FIFO'],
  ['a device in the model', 'mknod /opt/ml/model/zero c 1 5', '/opt/ml/model/zero: found a device'],
  [
    'a sparse file',
    'truncate -s 1000G /opt/ml/model/weights',
    '/opt/ml/model/weights: found a sparse file of 1073741824000 bytes',
  ],
])('%s', async (_, attack, reason) => {
  const job = await train(attack);
  expect(job.FailureReason).toContain(`AlgorithmError: ${reason}`);
  expect(JSON.stringify(job)).not.toContain('private key');
  expect(await kept()).not.toContain('private key');
  expect(await readFile(join(home, 'data/key'), 'utf8')).toBe('the private key');
  expect(docker('ps', '--all', '--filter', 'label=mlops.owner', '--format', '{{.Names}}')).toBe('');
});

test('a link in place of the training data goes, and what it leads to stays', async () => {
  const job = await train(
    'rm -r /opt/ml/input/data && ln -s $HOME/data /opt/ml/input/data; echo 1 > /opt/ml/model/m',
  );
  expect(job.TrainingJobStatus).toBe('Completed');
  expect(existsSync(join(home, 'data/key'))).toBe(true);
});

test('output without end fills neither the disk nor the memory', async () => {
  const job = await train("timeout 5 yes 'a line of a program that prints without end'; exit 3");
  expect(job.FailureReason).toContain('exit code: 3');
  const log = await readFile(join(folder, `jobs/training-job/job-${runs}/log.txt`));
  expect(log.length).toBeLessThan(65 * 2 ** 20);
});

test('a program that forks without end fills its own table of processes', async () => {
  const job = await train('i=0; while [ $i -lt 6000 ]; do sleep 30 & i=$((i+1)); done; echo all 6000');
  const tail = (job.LogTail as string[]).join('\n');
  expect(tail).toContain("can't fork");
  expect(tail).not.toContain('all 6000');
});
