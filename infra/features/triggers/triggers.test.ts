import { expect, test } from '@jest/globals';
import { parseConfig } from '../../../pipeline/config/load.ts';
import { environmentStack, resourcesOf, testEnvironment } from '../../environment.fixture.ts';
import { environmentOf } from '../../environment.ts';
import { type Call, isAllowed } from '../../iam/evaluate.fixture.ts';
import { rolesOf } from '../../iam/roles.fixture.ts';

const production = testEnvironment('production');
const { names } = production;
const resources = Object.values(resourcesOf(environmentStack('production')));
const rules = Object.fromEntries(
  resources
    .filter(({ Type }) => Type === 'AWS::Events::Rule')
    .map(({ Properties }) => [Properties.Name as string, Properties]),
);
const yaml = (triggers: string, data = 's3://warehouse/churn/rows') =>
  `project: churn\nproblem: binary\ndata: { source: "${data}", target: left }\ntriggers: ${triggers}\n` +
  'environments:\n  staging: { account: "111111111111", region: eu-west-1 }\n';

test('files below the place of the rows start a run, those below the place to predict a release, and no output does', () => {
  expect(rules['churn--production--data-churn']?.EventPattern).toEqual({
    source: ['aws.s3'],
    'detail-type': ['Object Created'],
    detail: { bucket: { name: ['warehouse'] }, object: { key: [{ prefix: 'churn/rows' }] } },
  });
  expect(rules['churn--production--scoring-churn']?.EventPattern).toEqual({
    source: ['aws.s3'],
    'detail-type': ['Object Created'],
    detail: { bucket: { name: [names.dataBucket] }, object: { key: [{ prefix: 'churn/scoring/' }] } },
  });
  expect(JSON.stringify(rules)).not.toContain(`"${names.artifactsBucket}"`);
  const buckets = resources.filter(({ Type }) => Type === 'AWS::S3::Bucket');
  expect(
    buckets.map(({ Properties }) => [Properties.BucketName, Properties.NotificationConfiguration]),
  ).toEqual([
    [names.dataBucket, { EventBridgeConfiguration: { EventBridgeEnabled: true } }],
    [names.artifactsBucket, undefined],
  ]);
});

test('without a quiet time only the marker is told of', () => {
  const environment = environmentOf([parseConfig(yaml('{ data_landed: true, quiet: off }'))], 'staging');
  expect(environment.triggers.places).toEqual([
    { model: 'churn', purpose: 'training', bucket: 'warehouse', prefix: 'churn/rows', quiet: null },
  ]);
});

test('the bucket that runs write to is no place that starts them', () => {
  const { names: staging } = testEnvironment('staging');
  expect(() =>
    environmentOf(
      [parseConfig(yaml('{ data_landed: true }', `s3://${staging.artifactsBucket}/churn/x`))],
      'staging',
    ),
  ).toThrow(/model churn: triggers: got data in .*, expected another bucket/);
});

test('a timetable has its time zone, and tells of what it could not call', () => {
  const [schedule] = resources.filter(({ Type }) => Type === 'AWS::Scheduler::Schedule');
  expect(schedule?.Properties).toMatchObject({
    Name: 'churn',
    GroupName: names.scheduleGroup,
    ScheduleExpression: 'cron(0 3 * * ? *)',
    ScheduleExpressionTimezone: 'Europe/Berlin',
    FlexibleTimeWindow: { Mode: 'OFF' },
    Target: {
      Input: '{"what":"timetable","model":"churn","at":"<aws.scheduler.scheduled-time>"}',
      DeadLetterConfig: { Arn: names.lostEventsArn },
    },
  });
});

test('an environment without triggers has none of it', () => {
  const staging = Object.values(resourcesOf(environmentStack('staging')));
  expect(staging.filter(({ Type }) => Type.startsWith('AWS::Scheduler'))).toEqual([]);
  expect(JSON.stringify(staging)).not.toContain('--landed');
});

test('the function starts the two machines and schedules its own calls, and nothing else', () => {
  // A company's boundary takes the place of ours in production.
  const environment = environmentOf(
    [parseConfig(yaml('{ data_landed: true, scoring_landed: true, schedule: daily }'))],
    'staging',
  );
  const staging = environment.names;
  const role = rolesOf(environment)[staging.functions.landed.name];
  const may = (call: Call) =>
    role !== undefined &&
    isAllowed(call, { policy: role.policy, ...(role.boundary && { boundary: role.boundary }) });
  const pass = (service: string, resource: string): Call => ({
    action: 'iam:PassRole',
    resource,
    context: { 'iam:PassedToService': `${service}.amazonaws.com` },
  });
  const schedule = (group: string): Call => ({
    action: 'scheduler:CreateSchedule',
    resource: `arn:aws:scheduler:eu-west-1:111111111111:schedule/${group}/churn-training-0`,
  });
  const start = (resource: string): Call => ({ action: 'states:StartExecution', resource });
  const write = (kind: string): Call => ({
    action: 'dynamodb:PutItem',
    resource: staging.ledgerTableArn,
    context: { 'dynamodb:LeadingKeys': [`${kind}/churn`] },
  });
  for (const call of [
    start(staging.machines.promote.arn),
    start(staging.releaseMachine.arn),
    schedule(staging.scheduleGroup),
    pass('scheduler', staging.schedulerRole.arn),
    write('landed'),
  ])
    expect([call, may(call)]).toEqual([call, true]);
  for (const call of [
    start(staging.machines.evaluate.arn),
    start(names.releaseMachine.arn),
    schedule(names.scheduleGroup),
    schedule('default'),
    pass('scheduler', staging.jobRoles.promote.arn),
    pass('lambda', staging.schedulerRole.arn),
    write('deployed'),
    write('champion'),
    write('pointer'),
  ])
    expect([call, may(call)]).toEqual([call, false]);
  const others = Object.entries(rolesOf(environment)).filter(
    ([name]) => name !== staging.functions.landed.name,
  );
  for (const call of [write('landed'), schedule(staging.scheduleGroup)])
    expect(others.filter(([, { policy }]) => isAllowed(call, { policy })).map(([name]) => name)).toEqual(
      call.action === 'scheduler:CreateSchedule' ? [expect.stringMatching(/-cfn-exec-role-/)] : [],
    );
});
