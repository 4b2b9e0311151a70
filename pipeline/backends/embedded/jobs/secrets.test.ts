import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { failedJob, IMAGE, TestBed } from './image.fixture.ts';
import { readMessage } from './run-program.ts';
import { secretFilter } from './secrets.ts';

const environment = {
  AWS_ACCESS_KEY_ID: 'not-of-the-usual-form',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCY',
  GITHUB_TOKEN: 'opaque-value-of-a-token',
  DEPLOY_PASSWORD: 'hunter2!hunter2',
  SIGNING_PRIVATE_KEY: 'first line of it\nsecond line of it',
  SSH_PRIVATE_KEY: '/home/ann/.ssh/id',
  SHORT_TOKEN: 'yes',
  PATH: '/usr/bin:/usr/local/bin',
};

test.each(Object.entries(environment).slice(0, 5))('the value of %s is not kept', (_, value) => {
  const clean = secretFilter(environment);
  for (const line of value.split('\n')) expect(clean(`key=${line};`)).toBe('key=[secret removed];');
});

test.each([
  `AKIA${'A1'.repeat(8)}`,
  `ASIA${'B2'.repeat(8)}`,
  `ghp_${'a'.repeat(36)}`,
  `ghs_${'Z9'.repeat(20)}`,
  `github_pat_${'a_1'.repeat(20)}`,
  '-----BEGIN OPENSSH PRIVATE KEY-----',
  '-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----',
])('%s has the form of a secret', (secret) => {
  expect(secretFilter({})(`found "${secret}" there`)).toBe('found "[secret removed]" there');
});

test('other text stays', () => {
  const text = 'yes /usr/bin AKIA ghp_short auc=0.81 /home/ann/.ssh/id';
  expect(secretFilter(environment)(text)).toBe(text);
});

test('a secret that the longest message would cut is found', async () => {
  const base = mkdtempSync(join(tmpdir(), 'message-'));
  try {
    mkdirSync(join(base, 'output'));
    writeFileSync(join(base, 'output/failure'), `${'x'.repeat(1000)} ghp_${'a'.repeat(36)}`);
    expect(await readMessage(base, 'output/failure')).toBe(`${'x'.repeat(1000)} [secret removed]`);
  } finally {
    rmSync(base, { recursive: true });
  }
});

test('what a job prints, writes as its failure and logs is searched before it is kept', async () => {
  process.env.OTHER_TOKEN = 'opaque-value-of-a-token';
  try {
    await using it = await TestBed.make({
      train: `console.log('got opaque-value-of-a-token'); console.error('ghp_' + 'a'.repeat(36));
        write('output/failure', 'failed with opaque-value-of-a-token'); process.exitCode = 1;`,
    });
    const job = await failedJob(
      it.sagemaker.createTrainingJob(
        {
          TrainingJobName: 'job-1',
          RoleArn: 'arn:aws:iam::000000000000:role/jobs',
          AlgorithmSpecification: { TrainingImage: IMAGE, TrainingInputMode: 'File' },
          OutputDataConfig: { S3OutputPath: 's3://out' },
          ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 1 },
          StoppingCondition: { MaxRuntimeInSeconds: 60 },
        },
        it.context,
      ),
    );
    expect(job.FailureReason).toBe('AlgorithmError: failed with [secret removed], exit code: 1');
    expect((await it.file('training-job/job-1/log.txt')).split('\n').sort()).toEqual([
      '',
      '[secret removed]',
      'got [secret removed]',
    ]);
    expect(JSON.stringify(job)).not.toContain('opaque-value');
  } finally {
    delete process.env.OTHER_TOKEN;
  }
});
