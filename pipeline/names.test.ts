import { expect, test } from '@jest/globals';
import { packageGroup, resourceNames } from './names.ts';

const longest = resourceNames({
  project: 'a'.repeat(20),
  environment: 'b'.repeat(12),
  account: '111111111111',
  region: 'ap-southeast-1',
});

test('the longest project and environment stay within the limits of every service', () => {
  for (const bucket of [longest.artifactsBucket, longest.dataBucket]) {
    expect(bucket).toMatch(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/);
  }
  for (const { name } of Object.values(longest.functions)) expect(name).toMatch(/^[a-zA-Z0-9-]{1,64}$/);
  for (const { name } of Object.values(longest.machines)) expect(name).toMatch(/^[a-zA-Z0-9-]{1,80}$/);
  const roles = [
    ...Object.values(longest.jobRoles),
    longest.deployRole,
    longest.pullRequestRole,
    ...Object.values(longest.machineRoles),
  ];
  expect(longest.catalog.database).toMatch(/^[a-z0-9_]{1,255}$/);
  expect(longest.catalog.workgroup).toMatch(/^[a-zA-Z0-9._-]{1,128}$/);
  for (const { name } of roles) expect(name).toMatch(/^[a-zA-Z0-9-]{1,64}$/);
  expect(packageGroup(longest.stack, 'c'.repeat(20))).toMatch(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/);
  expect(longest.qualifier).toMatch(/^[a-z0-9]{1,10}$/);
});

test('the longest names of jobs stay within those of SageMaker: 63 characters, 32 for tuning', () => {
  const isName = /^[a-zA-Z0-9](-*[a-zA-Z0-9])*$/;
  const hash = '1a2b3c4d';
  for (const [suffix, limit] of [
    ['1', 32],
    ['candidate-view-1', 63],
    ['prepare-1', 63],
  ] as const) {
    const name = `${longest.jobPrefix}-${hash}-${suffix}`;
    expect(name).toMatch(isName);
    expect(name.length).toBeLessThanOrEqual(limit);
  }
});

test.each([
  [
    ['attrition', 'staging'],
    ['attrition-2', 'staging'],
  ],
  [
    ['attrition', 'staging'],
    ['attrition', 'staging-2'],
  ],
  [
    ['attrition', 'staging'],
    ['attrition-staging', 'x'],
  ],
  [
    ['attrition', 'staging'],
    ['attrition', 'stage'],
  ],
  [
    ['employee-churn', 'test'],
    ['employee-c', 'test'],
  ],
  [
    ['a-b', 'c'],
    ['a', 'b-c'],
  ],
] as const)('no pattern over the names of %j is one over those of %j', (one, other) => {
  const prefixes = ([project, environment]: readonly [string, string]) => {
    const names = resourceNames({ project, environment, account: '111111111111', region: 'us-east-1' });
    return [
      `${names.stack}--`,
      `${names.jobPrefix}-`,
      `${names.candidateRepository.replace('candidate', '')}`,
      // Not a prefix: a database's ARN ends with it, and its tables' go on with a slash.
      `${names.catalog.database}/`,
    ];
  };
  const [mine, theirs] = [prefixes(one), prefixes(other)];
  for (const [index, prefix] of mine.entries()) {
    expect(theirs[index]?.startsWith(prefix)).toBe(false);
    expect(prefix.startsWith(theirs[index] ?? '')).toBe(false);
  }
});

test('environments of one project share no name, neither in one account nor across regions', () => {
  const names = (environment: string, region: string) => {
    const all = resourceNames({ project: 'churn', environment, account: '111111111111', region });
    return [all.artifactsBucket, all.dataBucket];
  };
  const buckets = [
    ...names('staging', 'us-east-1'),
    ...names('staging', 'eu-west-1'),
    ...names('production', 'us-east-1'),
  ];
  expect(new Set(buckets).size).toBe(buckets.length);
});

test('ARNs name the partition of their region', () => {
  const of = (region: string) =>
    resourceNames({ project: 'churn', environment: 'production', account: '111111111111', region });
  expect(of('cn-north-1').machines.evaluate.arn).toBe(
    'arn:aws-cn:states:cn-north-1:111111111111:stateMachine:churn--production--train-evaluate',
  );
  expect(of('us-gov-west-1').jobRoles.promote.arn).toBe(
    'arn:aws-us-gov:iam::111111111111:role/churn--production--job',
  );
});
