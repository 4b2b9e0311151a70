import { expect, test } from '@jest/globals';
import { parseConfig } from '../../../pipeline/config/load.ts';
import { monitorStepNames } from '../../../pipeline/names.ts';
import { lookMetrics, overdueMetric } from '../../../pipeline/steps/monitor/look-metrics.ts';
import {
  environmentStack,
  type Resource,
  resourcesOf,
  stackOf,
  testEnvironment,
} from '../../environment.fixture.ts';
import { environmentOf } from '../../environment.ts';
import { type Call, isAllowed } from '../../iam/evaluate.fixture.ts';
import { rolesOf } from '../../iam/roles.fixture.ts';

/** As a project has it without a company's boundary, so that ours counts. */
const environment = environmentOf(
  [
    parseConfig(
      'project: churn\nproblem: binary\ndata: { source: "s3://warehouse/churn/rows", target: left }\n' +
        'monitoring: { schedule: monthly, truth: "s3://outcomes/churn/", decay: { min: 0.7 } }\n' +
        'environments:\n  staging: { account: "111111111111", region: eu-west-1 }\n' +
        '  production: { account: "111111111111", region: eu-west-1 }\n',
    ),
  ],
  'staging',
);
const { names } = environment;
const roles = rolesOf(environment);
const stack = resourcesOf(stackOf(environment));
const resources = Object.values(stack);
const ofType = (type: string, from: readonly Resource[] = resources) =>
  from.filter(({ Type }) => Type === type).map(({ Properties }) => Properties);
const may = (role: string, call: Call): boolean => {
  const { policy = [], boundary } = roles[role] ?? {};
  return isAllowed(call, { policy, ...(boundary && { boundary }) });
};
const arn = (service: string, resource: string) => `arn:aws:${service}:eu-west-1:111111111111:${resource}`;
const artifact = (path: string) => `arn:aws:s3:::${names.artifactsBucket}/churn/${path}`;
const item = (action: string, kind: string): Call => ({
  action: `dynamodb:${action}`,
  resource: names.ledgerTableArn,
  context: { 'dynamodb:LeadingKeys': [`${kind}/churn`] },
});
const put = (path: string): Call => ({ action: 's3:PutObject', resource: artifact(path) });
const get = (resource: string): Call => ({ action: 's3:GetObject', resource });
const functions = monitorStepNames.map((step) => names.functions[step].name);

test('of all roles only record-look writes the history and what a look found; close-run records a look that broke', () => {
  const all = Object.keys(roles);
  const writing = (kind: string) => all.filter((role) => may(role, item('PutItem', kind))).sort();
  const record = names.functions['record-look'].name;
  expect(writing('monitoring')).toEqual([record]);
  expect(writing('finding')).toEqual([names.functions['close-run'].name, record].sort());
  // landed notes which run a claim has started.
  expect(writing('retrain')).toEqual([names.functions.landed.name, record].sort());
});

test('looks read predictions, rows, captures, pointers, references and truth, and write nothing that readers see', () => {
  for (const role of [...functions, names.jobRoles.promote.name])
    for (const path of [
      'predictions/model=churn/release=1/part.parquet',
      'inputs/model=churn/release=1/part.parquet',
      'captures/churn/1.json',
      'pointers/churn.json',
      'packages/churn/1/reference.json',
    ])
      expect([role, path, may(role, get(artifact(path)))]).toEqual([role, path, true]);
  for (const role of [names.functions['plan-look'].name, names.jobRoles.promote.name]) {
    expect(may(role, get('arn:aws:s3:::outcomes/churn/2026.csv'))).toBe(true);
    expect(may(role, get('arn:aws:s3:::outcomes/other.csv'))).toBe(false);
  }
  for (const role of [...functions, names.monitorRole.name]) {
    for (const kind of ['pointer', 'champion', 'deployed', 'release', 'delivered', 'run', 'lease'])
      expect([role, kind, may(role, item('PutItem', kind))]).toEqual([role, kind, false]);
    for (const path of [
      'predictions/x',
      'pointers/churn.json',
      'models/x',
      'releases/x',
      'packages/x',
      'runs/x',
    ])
      expect([role, path, may(role, put(path))]).toEqual([role, path, false]);
    for (const [action, resource] of [
      ['sagemaker:UpdateModelPackage', arn('sagemaker', 'model-package/churn--staging--churn/1')],
      ['states:StartExecution', names.machines.promote.arn],
      ['states:StartExecution', names.releaseMachine.arn],
      ['lambda:InvokeFunction', names.functions.promote.arn],
      ['cloudwatch:PutMetricData', '*'],
    ] as const)
      expect([role, action, may(role, { action, resource })]).toEqual([role, action, false]);
  }
});

test('the machine calls its functions, starts its own jobs with the role of jobs, and nothing else', () => {
  const machine = names.monitorRole.name;
  for (const step of monitorStepNames)
    expect(
      may(machine, { action: 'lambda:InvokeFunction', resource: `${names.functions[step].arn}:3` }),
    ).toBe(true);
  for (const step of ['promote', 'point', 'record', 'landed'] as const)
    expect(
      may(machine, { action: 'lambda:InvokeFunction', resource: `${names.functions[step].arn}:3` }),
    ).toBe(false);
  const job = (resource: string) => may(machine, { action: 'sagemaker:CreateProcessingJob', resource });
  expect(job(arn('sagemaker', `processing-job/${names.jobPrefix}-1a-look-1`))).toBe(true);
  expect(job(arn('sagemaker', 'processing-job/other'))).toBe(false);
  const pass = (resource: string): Call => ({
    action: 'iam:PassRole',
    resource,
    context: { 'iam:PassedToService': 'sagemaker.amazonaws.com' },
  });
  expect(may(machine, pass(names.jobRoles.promote.arn))).toBe(true);
  expect(may(machine, pass(names.jobRoles.evaluate.arn))).toBe(false);
});

test('landed starts looks; a pull request starts none, and a deployment may', () => {
  const start: Call = { action: 'states:StartExecution', resource: names.monitorMachine.arn };
  const starting = Object.keys(roles).filter((role) => may(role, start));
  expect(starting.sort()).toEqual([names.deployRole.name, names.functions.landed.name].sort());
});

test('a look is scheduled in UTC with the time that Scheduler meant, and every hour somebody asks whether looks come', () => {
  const schedules = Object.fromEntries(
    ofType('AWS::Scheduler::Schedule').map((schedule) => [schedule.Name as string, schedule]),
  );
  expect(Object.keys(schedules).sort()).toEqual(['churn--heartbeat', 'churn--look']);
  const target = (Input: object) => ({
    RoleArn: { 'Fn::GetAtt': [expect.stringContaining('SchedulerRole'), 'Arn'] },
    DeadLetterConfig: { Arn: names.lostEventsArn },
    Input: JSON.stringify(Input),
  });
  expect(schedules['churn--look']).toMatchObject({
    GroupName: names.scheduleGroup,
    ScheduleExpression: 'cron(0 3 1 * ? *)',
    ScheduleExpressionTimezone: 'UTC',
    Target: target({ what: 'monitor', model: 'churn', at: '<aws.scheduler.scheduled-time>' }),
  });
  expect(schedules['churn--heartbeat']).toMatchObject({
    ScheduleExpression: 'rate(1 hour)',
    Target: target({ what: 'heartbeat', model: 'churn' }),
  });
});

/** The namespace, dimensions and names of metrics that a line of a log in the embedded format makes. */
function made(line: string): [string, Record<string, string>, string][] {
  const value = JSON.parse(line);
  return value._aws.CloudWatchMetrics.flatMap(
    ({
      Namespace,
      Dimensions,
      Metrics,
    }: {
      Namespace: string;
      Dimensions: string[][];
      Metrics: { Name: string }[];
    }) =>
      Dimensions.flatMap((keys) =>
        Metrics.map(({ Name }) => {
          expect(typeof value[Name]).toBe('number');
          return [Namespace, Object.fromEntries(keys.map((key) => [key, value[key]])), Name];
        }),
      ),
  );
}

test('every alarm and graph of looks is of a metric that a function puts out', () => {
  const of = { stack: names.stack, model: 'churn', at: new Date() };
  const metrics = [
    ...made(lookMetrics({ ...of, finding: 'decayed', execution: 'e' })),
    ...made(overdueMetric({ ...of, is: true })),
  ];
  const own = ofType('AWS::CloudWatch::Alarm').filter(({ Namespace }) => Namespace === 'mlops');
  expect(own.map(({ AlarmName, TreatMissingData }) => [AlarmName, TreatMissingData])).toEqual([
    ['churn--staging--decayed-churn', 'ignore'],
    ['churn--staging--watch-churn', 'ignore'],
    ['churn--staging--looks-overdue-churn', 'breaching'],
  ]);
  for (const { Namespace, MetricName, Dimensions, Threshold, AlarmActions } of own) {
    const dimensions = Object.fromEntries(
      (Dimensions as { Name: string; Value: string }[]).map(({ Name, Value }) => [Name, Value]),
    );
    expect(metrics).toContainEqual([Namespace, dimensions, MetricName]);
    expect([Threshold, AlarmActions]).toEqual([1, [expect.anything()]]);
  }
  const [dashboard] = ofType('AWS::CloudWatch::Dashboard');
  const text = JSON.stringify(dashboard).replaceAll('\\', '');
  const shown = ['Decayed', 'Watch', 'CannotTell'].filter((name) => text.includes(`MetricName="${name}"`));
  expect(shown).toEqual(['Decayed', 'Watch', 'CannotTell']);
});

test('the end of a look reaches landed if it went well and close-run if not', () => {
  const rules = Object.fromEntries(ofType('AWS::Events::Rule').map((rule) => [rule.Name as string, rule]));
  const machine = { Ref: expect.stringMatching(/^MonitorMachine/) };
  expect(rules[names.lookedRule]).toMatchObject({
    EventPattern: { detail: { stateMachineArn: [machine], status: ['SUCCEEDED'] } },
    Targets: [
      {
        Arn: { 'Fn::GetAtt': [expect.stringMatching(/landed/), 'Arn'] },
        InputTransformer: { InputTemplate: '{"what":"looked","arn":<detail-executionArn>}' },
      },
    ],
  });
  expect(rules[names.closeLookRule]).toMatchObject({
    EventPattern: { detail: { stateMachineArn: [machine], status: ['FAILED', 'TIMED_OUT', 'ABORTED'] } },
    Targets: [{ Arn: { 'Fn::GetAtt': [expect.stringMatching(/closerun/), 'Arn'] } }],
  });
});

test('without monitoring nothing of it is deployed', () => {
  const text = JSON.stringify(resourcesOf(environmentStack('staging')));
  for (const name of [
    names.monitorMachine.name,
    names.lookedRule,
    names.closeLookRule,
    ...functions,
    'looks-overdue',
  ])
    expect([name, text.includes(`"${name}`)]).toEqual([name, false]);
});

test('a schedule that names years may never come again, so nobody asks for its looks', () => {
  const [config] = [
    parseConfig(
      'project: churn\nproblem: binary\ndata: { source: rows.csv, target: left }\n' +
        'monitoring: { schedule: "cron(0 3 1 1 ? 2027)" }\n' +
        'environments:\n  staging: { account: "111111111111", region: eu-west-1 }\n',
    ),
  ];
  const once = Object.values(resourcesOf(stackOf(environmentOf([config], 'staging'))));
  expect(ofType('AWS::Scheduler::Schedule', once).map(({ Name }) => Name)).toEqual(['churn--look']);
  expect(JSON.stringify(once)).not.toContain('looks-overdue');
});

test("a company's environment has looks too, with its key on the schedules", () => {
  const { settings } = testEnvironment('production');
  const schedules = ofType(
    'AWS::Scheduler::Schedule',
    Object.values(resourcesOf(environmentStack('production'))),
  );
  expect(schedules.map(({ Name, KmsKeyArn }) => [Name, KmsKeyArn]).sort()).toEqual(
    ['churn', 'churn--heartbeat', 'churn--look'].map((name) => [name, settings.kms_key]),
  );
});
