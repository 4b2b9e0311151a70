import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { expectHarmless, nasty } from '../../pipeline/report/harmless.fixture.ts';
import { testEnvironment } from '../environment.fixture.ts';
import { explain, runCdk } from './run-cdk.ts';

const environment = testEnvironment('staging');

test.each([
  [
    'churn-staging: SSM parameter /cdk-bootstrap/m123456789/version not found. Has the environment been bootstrapped?',
    /npm run bootstrap -- --environment staging/,
  ],
  ['ExpiredToken: The security token included in the request is expired', /expired: log in again/],
  ['Unable to resolve AWS account to use.', /no AWS credentials/],
  [
    'ValidationError: Stack:arn:aws:cloudformation:eu-west-1:111111111111:stack/churn-staging/1 is in UPDATE_IN_PROGRESS state and can not be updated.',
    /UPDATE_IN_PROGRESS: another deployment is running/,
  ],
  [
    'The stack named churn-staging failed to deploy: UPDATE_ROLLBACK_FAILED: x',
    /UPDATE_ROLLBACK_FAILED.*Continue update rollback/,
  ],
  [
    'The stack named churn-staging failed creation, it may need to be manually deleted from the AWS console: ROLLBACK_COMPLETE',
    /ROLLBACK_COMPLETE: the first failed resource above/,
  ],
  [
    'churn-staging-data-1 already exists in stack arn:aws:cloudformation:eu-west-1:111111111111:stack/x',
    /exists already.*could not be taken into it.*Delete it, and deploy again/,
  ],
  [
    // aws/aws-cdk-cli, pull request 1367: the words of the command line.
    "Import of existing resources failed for stack 'churn-staging' because the following resources need a DeletionPolicy of 'Retain' or 'RetainExceptOnCreate':\n  - churn-staging/Functions/plan-log",
    /exists already.*holds no data/,
  ],
  [
    'Failed deleting stack churn-staging that had previously failed creation (current state: DELETE_FAILED)',
    /DELETE_FAILED: its creation failed.*cannot be deleted/,
  ],
  [
    'User: arn:aws:sts::111111111111:assumed-role/x is not authorized to perform: glue:CreateJob on resource: y',
    /may not glue:CreateJob.*npm run bootstrap/,
  ],
])('%s', (output, expected) => {
  expect(explain(output, environment)).toMatch(expected);
});

test('what is not known speaks for itself', () => {
  expect(explain('Resource handler returned message: "no"', environment)).toBeUndefined();
});

test('the words of a failure in what is compared explain nothing', async () => {
  const cdk = await mkdtemp(join(tmpdir(), 'mlops-cdk-'));
  await mkdir(join(cdk, 'bin'));
  await writeFile(
    join(cdk, 'bin/cdk'),
    "console.log('[+] ROLLBACK_COMPLETE'); console.error('no route to host'); process.exit(1);",
  );
  const ran = (command: string) => runCdk([command], { environment, cdk, onOutput: () => {} });
  await expect(ran('diff')).rejects.toThrow(/^cdk diff: exit code 1:\s+no route to host$/);
  await expect(ran('deploy')).rejects.toThrow(/ROLLBACK_COMPLETE: the first failed resource above/);
  await rm(cdk, { recursive: true });
});

test('what it prints on a terminal is clean, wherever its pieces end', async () => {
  const cdk = await mkdtemp(join(tmpdir(), 'mlops-cdk-'));
  await mkdir(join(cdk, 'bin'));
  await writeFile(
    join(cdk, 'bin/cdk'),
    `process.stdout.write(${JSON.stringify(nasty)}); console.error('ö');`,
  );
  const written: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    jest.spyOn(stream, 'write').mockImplementation((chunk) => {
      written.push(String(chunk));
      return true;
    }),
  );
  try {
    await runCdk(['diff'], { environment, cdk });
  } finally {
    for (const spy of spies) spy.mockRestore();
    await rm(cdk, { recursive: true });
  }
  expect(written.join('')).toContain('ö');
  expectHarmless(written.join(''), { colors: true });
});

test.each([
  ['in the modules where the user says nothing', undefined, /node_modules\/\.cache\/mlops$/],
  ['where the user says', '/tmp/compiled', /^\/tmp\/compiled$/],
  ['nowhere where the user says so', '', /^$/],
])('what Node compiles of the command line and the app is kept %s', async (_, setting, expected) => {
  const before = process.env.NODE_COMPILE_CACHE;
  const cdk = await mkdtemp(join(tmpdir(), 'mlops-cdk-'));
  await mkdir(join(cdk, 'bin'));
  await writeFile(join(cdk, 'bin/cdk'), 'process.stdout.write(process.env.NODE_COMPILE_CACHE);');
  try {
    if (setting === undefined) delete process.env.NODE_COMPILE_CACHE;
    else process.env.NODE_COMPILE_CACHE = setting;
    expect(await runCdk(['synth'], { environment, cdk, onOutput: () => {} })).toMatch(expected);
  } finally {
    if (before === undefined) delete process.env.NODE_COMPILE_CACHE;
    else process.env.NODE_COMPILE_CACHE = before;
    await rm(cdk, { recursive: true });
  }
});
